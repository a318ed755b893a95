/* jansson has a json_real of its own: its declaration is renamed here, our symbol in the header. */
#include "base/json.h"

#include <math.h>

#define json_real jansson_json_real
#include <jansson.h>
#undef json_real

#include "base/utf8.h"

/* struct json is jansson's json_t under a name that nobody else needs a header for. */
static json_t *inner(struct json *v)
{
	return (json_t *)v;
}

enum status json_parse(const char *text, size_t n, const char *what, struct json **root, struct err *e)
{
	json_error_t why;
	json_t *v = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	*root = (struct json *)v;
	if (v)
		return OK;
	if (json_error_code(&why) == json_error_out_of_memory)
		return err_nomem(e, "too little memory to read '%s'", what);
	return err_env(e, "'%s' is damaged at byte %d (line %d): %s", what, why.position, why.line, why.text);
}

void json_close(struct json *root)
{
	json_decref(inner(root));
}

struct json *json_get(struct json *object, const char *key)
{
	return (struct json *)json_object_get(inner(object), key);
}

int json_size(struct json *array_or_object)
{
	json_t *v = inner(array_or_object);
	return (int)(json_is_array(v) ? json_array_size(v) : json_object_size(v));
}

struct json *json_at(struct json *array, int i)
{
	return i < 0 ? NULL : (struct json *)json_array_get(inner(array), (size_t)i);
}

const char *json_key(struct json *object, int i, struct json **value)
{
	void *it = i < 0 ? NULL : json_object_iter(inner(object));
	for (; i > 0 && it; i--)
		it = json_object_iter_next(inner(object), it);
	*value = it ? (struct json *)json_object_iter_value(it) : NULL;
	return it ? json_object_iter_key(it) : NULL;
}

bool json_int(struct json *v, int64_t *out)
{
	if (!json_is_integer(inner(v)))
		return false;
	*out = json_integer_value(inner(v));
	return true;
}

bool json_real(struct json *v, double *out)
{
	if (!json_is_number(inner(v)))
		return false;
	*out = json_number_value(inner(v));
	return true;
}

const char *json_text(struct json *v)
{
	return json_string_value(inner(v));
}

void json_number(struct str *s, double x)
{
	if (isfinite(x))
		str_printf(s, "%.17g", x);
	else
		str_add(s, "null");
}

/* Invalid UTF-8 becomes U+FFFD: what we write must be readable as JSON. */
void json_quote(struct str *s, const char *text)
{
	str_add(s, "\"");
	for (const char *p = text; *p;) {
		const char *start = p;
		const int code = utf8_next(&p);
		switch (code) {
		case '"':
			str_add(s, "\\\"");
			break;
		case '\\':
			str_add(s, "\\\\");
			break;
		case '\n':
			str_add(s, "\\n");
			break;
		case '\r':
			str_add(s, "\\r");
			break;
		case '\t':
			str_add(s, "\\t");
			break;
		default:
			if (code < 0)
				str_add(s, "\\ufffd");
			else if (code < 0x20 || code == 0x7F)
				str_printf(s, "\\u%04x", (unsigned)code);
			else
				str_addn(s, start, (size_t)(p - start));
		}
	}
	str_add(s, "\"");
}
