/*
 * Is a scalar null, a boolean, a number or text? As YAML 1.1 says it and Go's yaml.v2 reads it: the
 * tools whose files people bring are built on that library.
 */
#include "backend/parse/yaml_scalar.h"

#include "backend/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
static const char *const falses[] = {
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};

/* A number without its underscores; NULL: too long. */
static const char *without_underscores(const char *text, char out[64])
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '_')
			continue;
		if (n == 63)
			return NULL;
		out[n++] = *text;
	}
	out[n] = '\0';
	return out;
}

/* Decimal, 0x, 0o, 0 (octal) and 0b, with a sign. */
static bool parse_int(const char *text, bool *ret_negative, uint64_t *ret)
{
	bool negative = *text == '-';
	int base = 10;
	char *end;

	if (*text == '-' || *text == '+')
		text++;
	if (text[0] == '0' && strchr("xX", text[1]) && text[1]) {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && strchr("bB", text[1]) && text[1]) {
		base = 2;
		text += 2;
	} else if (text[0] == '0' && text[1]) {
		base = 8;
		text += strchr("oO", text[1]) ? 2 : 1;
	}
	if (!isalnum((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, base);
	*ret_negative = negative;
	return !*end && !errno && (!negative || *ret <= (uint64_t)INT64_MAX + 1);
}

/* [-+]?[0-9]*.?[0-9]+([eE][-+][0-9]+)? : an exponent has a sign. */
static bool is_float(const char *text)
{
	size_t whole, part;

	if (*text == '-' || *text == '+')
		text++;
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		part = strspn(++text, "0123456789");
		text += part;
		if (!part)
			return false;
	} else if (!whole) {
		return false;
	}
	if (*text == 'e' || *text == 'E') {
		if (text[1] != '-' && text[1] != '+')
			return false;
		text += 2;
		if (!strspn(text, "0123456789"))
			return false;
		text += strspn(text, "0123456789");
	}
	return !*text;
}

static bool is_special_float(const char *text)
{
	static const char *const words[] = {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf",
	    "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};

	return is_one_of(text, words);
}

static enum yaml_type type_of_number(const char *text)
{
	char digits[64];
	const char *plain = without_underscores(text, digits);
	bool negative;
	uint64_t number;

	if (!plain)
		return YAML_STRING;
	if (parse_int(plain, &negative, &number))
		return YAML_INT;
	return is_float(plain) ? YAML_FLOAT : YAML_STRING;
}

enum yaml_type yaml_type(const struct yaml_node *n)
{
	static const char *const typed[] = {"!!null", "!!bool", "!!int", "!!float", NULL};
	const char *text = yaml_text(n);

	if (!text || strlen(text) != n->len)
		return YAML_STRING;
	/* With such a tag a quoted value has a type too. */
	if (n->tag ? !is_one_of(n->tag, typed) : !n->plain)
		return YAML_STRING;
	if (is_one_of(text, nulls))
		return YAML_NULL;
	if (is_one_of(text, trues) || is_one_of(text, falses))
		return YAML_BOOL;
	if (is_special_float(text))
		return YAML_FLOAT;
	if (*text != '.' && *text != '-' && *text != '+' && !isdigit((unsigned char)*text))
		return YAML_STRING;
	return type_of_number(text);
}

bool yaml_is_null(const struct yaml_node *n)
{
	return !n || (n->kind == YAML_SCALAR && yaml_type(n) == YAML_NULL);
}

int yaml_bool(const struct yaml_node *n)
{
	const char *text = yaml_text(n);

	if (text && is_one_of(text, trues))
		return 1;
	return text && is_one_of(text, falses) ? 0 : -1;
}

/* The shortest text that reads as the same number; Go's %v, which writes an
 * exponent from six digits before the point on. */
static void print_float(double value, char out[64])
{
	char digits[64];
	int exponent, n = 0;

	if (isnan(value) || isinf(value)) {
		snprintf(out, 64, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
		return;
	}
	for (int precision = 0; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*e", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	exponent = atoi(strchr(digits, 'e') + 1);
	if (exponent < -4 || exponent >= 6) {
		snprintf(out, 64, "%s", digits);
		return;
	}
	n = (int)(strchr(digits, 'e') - digits) - (digits[0] == '-') - 2; /* decimals */
	n = (n < 0 ? 0 : n) - exponent;
	snprintf(out, 64, "%.*f", n < 0 ? 0 : n, value);
}

const char *yaml_value(struct yaml_arena *a, const struct yaml_node *n)
{
	char digits[64], out[64];
	const char *plain, *text = yaml_text(n);
	bool negative;
	uint64_t number;

	switch (text ? yaml_type(n) : YAML_NULL) {
	case YAML_NULL:
		return "";
	case YAML_BOOL:
	case YAML_STRING:
		return text;
	case YAML_INT:
		plain = without_underscores(text, digits);
		if (!plain || !parse_int(plain, &negative, &number))
			return text;
		snprintf(out, sizeof(out), "%s%" PRIu64, negative && number ? "-" : "", number);
		break;
	case YAML_FLOAT:
		plain = without_underscores(text, digits);
		if (!plain || is_special_float(text))
			return text;
		print_float(strtod(plain, NULL), out);
		break;
	}
	return yaml_strndup(a, out, strlen(out));
}
