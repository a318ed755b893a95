/* In which order the simulated device works. */
#include "tests/engine/cases.h"

#include <stdlib.h>

#include "tests/cusim/control.h"

void test_order(enum precision precision)
{
	static const struct { const char *streams, *order, *blocks; } orders[] = {
		[PRECISION_F32] = {"eager", "fifo", "1"}, [PRECISION_BF16] = {"lazy", "lifo", "1"}, [PRECISION_F16] = {"random", "random", "2"},
		[PRECISION_TF32] = {"lazy", "random", "2"},
	};
	if (getenv("CUSIM_STREAMS") || getenv("CUSIM_ORDER"))
		return;
	setenv("CUSIM_STREAMS", orders[precision].streams, 1);
	setenv("CUSIM_ORDER", orders[precision].order, 1);
	setenv("CUSIM_BLOCKS", orders[precision].blocks, 1);
	cusim_configure();
	unsetenv("CUSIM_STREAMS"); /* the next trial's is another */
	unsetenv("CUSIM_ORDER");
	unsetenv("CUSIM_BLOCKS");
}
