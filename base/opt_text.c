/* Options as text: numbers, ranges, defaults, values, and the canonical text of an artefact's identity. */
#include "base/opt.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_int.h"

void opt_number(struct str *s, double v)
{
	if (v == 0)
		v = 0; /* no "-0" */
	if (v == floor(v) && fabs(v) < 1e10) {
		str_printf(s, "%.0f", v);
		return;
	}
	char text[40];
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	str_add(s, text);
}

const char *opt_word(const char *choices, int i, int *len)
{
	const char *w = choices;
	while (i-- > 0) {
		w = strchr(w, '|');
		if (!w)
			return NULL;
		w++;
	}
	*len = (int)strcspn(w, "|");
	return w;
}

bool opt_list_default(const struct opt *o, int i, double *v)
{
	const char *p = o->def_text ? o->def_text : "";
	char *end;
	for (;; p = end) {
		const double x = strtod(p, &end);
		BUG_IF(end == p && p[strspn(p, " ")], "option '%s': its default '%s' is no list", o->name,
		       o->def_text);
		if (end == p)
			return false;
		if (i-- == 0) {
			*v = x;
			return true;
		}
	}
}

void opt_range(struct str *s, const struct opt *o)
{
	const bool whole = o->type == OPT_INT || o->type == OPT_INTS;
	const bool low = whole ? o->min > INT_MIN : o->min > -DBL_MAX;
	const bool high = whole ? o->max < INT_MAX : o->max < DBL_MAX;
	int len;
	const char *w;
	switch (o->type) {
	case OPT_BOOL:
		str_add(s, "true, false, yes, no, on, off");
		return;
	case OPT_CHOICE:
		for (int i = 0; (w = opt_word(o->choices, i, &len)); i++)
			str_printf(s, "%s%.*s", i ? ", " : "", len, w);
		return;
	case OPT_TEXT:
	case OPT_NODE:
		return;
	case OPT_REAL:
	case OPT_INT:
	case OPT_INTS:
	case OPT_REALS:
		break;
	}
	if (!low && !high) {
		str_add(s, whole ? "any whole number" : "any number");
		return;
	}
	if (!low || !high)
		str_add(s, low ? "at least " : "at most ");
	opt_number(s, low ? o->min : o->max);
	if (low && high) {
		str_add(s, " to ");
		opt_number(s, o->max);
	}
}

void opt_value(struct str *s, const struct opt *o, const void *p)
{
	int len;
	switch (o->type) {
	case OPT_REAL:
		opt_number(s, *(const double *)p);
		return;
	case OPT_INT:
		str_printf(s, "%d", *(const int *)p);
		return;
	case OPT_BOOL:
		str_add(s, *(const bool *)p ? "true" : "false");
		return;
	case OPT_TEXT:
		str_add(s, *(const char *const *)p ? *(const char *const *)p : "");
		return;
	case OPT_CHOICE: {
		const char *w = opt_word(o->choices, *(const int *)p, &len);
		BUG_IF(!w, "option '%s' has no choice %d", o->name, *(const int *)p);
		str_addn(s, w, (size_t)len);
		return;
	}
	case OPT_INTS: {
		const struct ints *x = p;
		str_add(s, "[");
		for (int i = 0; i < x->n; i++)
			str_printf(s, "%s%d", i ? ", " : "", x->v[i]);
		str_add(s, "]");
		return;
	}
	case OPT_REALS: {
		const struct reals *x = p;
		str_add(s, "[");
		for (int i = 0; i < x->n; i++) {
			str_add(s, i ? ", " : "");
			opt_number(s, x->v[i]);
		}
		str_add(s, "]");
		return;
	}
	case OPT_NODE:
		return;
	}
}

void opt_default(struct str *s, const struct opt *o)
{
	double x;
	int len;
	switch (o->type) {
	case OPT_REAL:
	case OPT_INT:
		opt_number(s, o->def);
		return;
	case OPT_BOOL:
		str_add(s, o->def != 0 ? "true" : "false");
		return;
	case OPT_TEXT:
		str_add(s, o->def_text ? o->def_text : "");
		return;
	case OPT_CHOICE:
		if (o->def_text) {
			str_add(s, o->def_text);
		} else {
			const char *w = opt_word(o->choices, 0, &len);
			str_addn(s, w, (size_t)len);
		}
		return;
	case OPT_INTS:
	case OPT_REALS:
		str_add(s, "[");
		for (int i = 0; opt_list_default(o, i, &x); i++) {
			str_add(s, i ? ", " : "");
			opt_number(s, x);
		}
		str_add(s, "]");
		return;
	case OPT_NODE:
		return;
	}
}

static bool reals_differ(const struct opt *o, int n, const double *real, const int *whole)
{
	double def;
	int i = 0;
	for (; opt_list_default(o, i, &def); i++)
		if (i >= n || (real ? real[i] : (double)whole[i]) != def)
			return true;
	return i != n;
}

static bool differs(const struct opt *o, const void *p)
{
	struct str now = {0}, def = {0};
	bool d = false;
	switch (o->type) {
	case OPT_REAL:
		return *(const double *)p != o->def;
	case OPT_INTS:
		return reals_differ(o, ((const struct ints *)p)->n, NULL, ((const struct ints *)p)->v);
	case OPT_REALS:
		return reals_differ(o, ((const struct reals *)p)->n, ((const struct reals *)p)->v, NULL);
	case OPT_INT:
	case OPT_BOOL:
	case OPT_TEXT:
	case OPT_CHOICE:
		opt_value(&now, o, p);
		opt_default(&def, o);
		d = strcmp(str_text(&now), str_text(&def)) != 0;
		str_release(&now);
		str_release(&def);
		return d;
	case OPT_NODE:
		break;
	}
	return false;
}

/* One line whatever the text holds: no value can look like another option's line. */
static void add_escaped(struct str *s, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\\' || *p == '\n')
			str_add(s, *p == '\n' ? "\\n" : "\\\\");
		else
			str_addn(s, p, 1);
	}
}

void opts_canonical(const struct opt *rows, const void *conf, struct str *s)
{
	for (const struct opt *o = rows; o->name; o++) {
		const void *p = (const char *)conf + o->offset;
		/* a required option has no default that it could equal */
		if (o->type == OPT_NODE || (o->flags & OPT_NEUTRAL) || (!(o->flags & OPT_REQUIRED) && !differs(o, p)))
			continue;
		str_printf(s, "%s=", o->name);
		if (o->type == OPT_REAL) {
			str_printf(s, "%.17g", *(const double *)p);
		} else if (o->type == OPT_REALS) {
			const struct reals *x = p;
			for (int i = 0; i < x->n; i++)
				str_printf(s, "%s%.17g", i ? " " : "", x->v[i]);
		} else if (o->type == OPT_INTS) {
			const struct ints *x = p;
			for (int i = 0; i < x->n; i++)
				str_printf(s, "%s%d", i ? " " : "", x->v[i]);
		} else {
			struct str v = {0};
			opt_value(&v, o, p);
			add_escaped(s, str_text(&v));
			str_release(&v);
		}
		str_add(s, "\n");
	}
}
