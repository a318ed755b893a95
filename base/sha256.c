#include "base/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "base/arena.h"

struct sha256 {
	struct sha256_ctx ctx;
};

struct sha256 *sha256_open(void)
{
	struct sha256 *s = mem_resize(NULL, sizeof *s);
	sha256_init(&s->ctx);
	return s;
}

void sha256_add(struct sha256 *s, const void *data, size_t n)
{
	sha256_update(&s->ctx, n, data);
}

static void finish(struct sha256_ctx *ctx, char hex[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_digest(ctx, sizeof digest, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void sha256_hex(struct sha256 *s, char hex[65])
{
	finish(&s->ctx, hex);
	mem_free(s);
}

void sha256_text(const char *text, char hex[65])
{
	struct sha256_ctx ctx;
	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	finish(&ctx, hex);
}
