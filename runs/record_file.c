#include "runs/record_file.h"

uint32_t crc32c(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t crc = ~0u;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
	}
	return ~crc;
}

uint32_t crc32c_masked(const void *data, size_t n)
{
	const uint32_t crc = crc32c(data, n);
	return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

static void put_number(uint8_t *to, uint64_t x, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (uint8_t)(x >> 8 * i);
}

static uint64_t get_number(const uint8_t *from, int bytes)
{
	uint64_t x = 0;
	for (int i = 0; i < bytes; i++)
		x |= (uint64_t)from[i] << 8 * i;
	return x;
}

void record_write(FILE *f, const void *data, size_t n)
{
	uint8_t head[RECORD_HEAD], tail[RECORD_TAIL];
	put_number(head, n, 8);
	put_number(head + 8, crc32c_masked(head, 8), 4);
	put_number(tail, crc32c_masked(data, n), 4);
	fwrite(head, 1, sizeof head, f);
	fwrite(data, 1, n, f);
	fwrite(tail, 1, sizeof tail, f);
}

bool record_read(const uint8_t *file, size_t size, size_t *at, const uint8_t **data, size_t *n)
{
	if (*at > size || size - *at < RECORD_HEAD + RECORD_TAIL)
		return false;
	const uint8_t *head = file + *at;
	const uint64_t length = get_number(head, 8);
	if (get_number(head + 8, 4) != crc32c_masked(head, 8) || length > size - *at - RECORD_HEAD - RECORD_TAIL)
		return false;
	*data = head + RECORD_HEAD;
	*n = (size_t)length;
	if (get_number(*data + *n, RECORD_TAIL) != crc32c_masked(*data, *n))
		return false;
	*at += RECORD_HEAD + *n + RECORD_TAIL;
	return true;
}
