/* JSON by jansson: the only file that includes it is json.c. Values live until json_close of their root. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct json; /* any value */

/* Reading. what names the source in messages ("model.safetensors header"). Duplicate keys are errors. */
enum status json_parse(const char *text, size_t n, const char *what, struct json **root, struct err *e);
void json_close(struct json *root);
struct json *json_get(struct json *object, const char *key); /* NULL: absent or not an object */
int json_size(struct json *array_or_object);
struct json *json_at(struct json *array, int i);
/* Iterate an object in insertion order. i counts from 0; NULL after the last. */
const char *json_key(struct json *object, int i, struct json **value);
bool json_int(struct json *v, int64_t *out); /* false: another type */
bool json_real(struct json *v, double *out) /* integers too */
	__asm__("base_json_real");           /* libjansson exports, and itself calls, a json_real */
const char *json_text(struct json *v);       /* NULL: another type */

/* Writing: text with the right escapes, appended to s. */
void json_quote(struct str *s, const char *text);
void json_number(struct str *s, double x); /* exact; null where it is not finite, which JSON can't say */

#endif
