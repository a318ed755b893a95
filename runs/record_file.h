/*
 * TFRecord: how event files frame their records. Length (u64), masked CRC-32C of the length (u32), the bytes, their masked CRC-32C (u32); all
 * little-endian. Both sums are checked, so that a file that was cut is read up to the cut.
 */
#ifndef RUNS_RECORD_FILE_H
#define RUNS_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RECORD_HEAD = 12, RECORD_TAIL = 4 };

/* Castagnoli's polynomial, as in iSCSI (RFC 3720). */
uint32_t crc32c(const void *data, size_t n);
/* "Masked", so that a sum over bytes that hold a sum is not trivial: rotated right by 15, plus a constant. */
uint32_t crc32c_masked(const void *data, size_t n);

void record_write(FILE *f, const void *data, size_t n); /* a failed write is f's */
/* The record at file[*at..size); *at moves behind it. false: the end, or no whole record. */
bool record_read(const uint8_t *file, size_t size, size_t *at, const uint8_t **data, size_t *n);

#endif
