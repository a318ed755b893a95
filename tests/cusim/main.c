#include "tests/cusim/child.h"
#include "tests/cusim/suites.h"

void *device_copy_of(const void *host, size_t bytes)
{
	void *p;
	CUDA_OK(cudaMalloc(&p, bytes));
	if (host)
		CUDA_OK(cudaMemcpy(p, host, bytes, cudaMemcpyHostToDevice));
	return p;
}

void device_read(const void *p, void *host, size_t bytes)
{
	CUDA_OK(cudaDeviceSynchronize());
	CUDA_OK(cudaMemcpy(host, p, bytes, cudaMemcpyDeviceToHost));
}

int main(void)
{
	Suite *const suite = suite_create("cusim");
	settings_apply(""); /* whatever the user's environment says */
	suite_add_tcase(suite, tcase_language());
	suite_add_tcase(suite, tcase_memory());
	suite_add_tcase(suite, tcase_stream());
	suite_add_tcase(suite, tcase_graph());
	suite_add_tcase(suite, tcase_cublas());
	suite_add_tcase(suite, tcase_cublaslt());
	suite_add_tcase(suite, tcase_planted());
	SRunner *const runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
