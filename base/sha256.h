/* SHA-256, for the identity of artefacts and data (by nettle). */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>

struct sha256;
struct sha256 *sha256_open(void);
void sha256_add(struct sha256 *s, const void *data, size_t n);
void sha256_hex(struct sha256 *s, char hex[65]); /* finishes and closes */
void sha256_text(const char *text, char hex[65]);

#endif
