/*
 * How does XML become JSON? A stack of frames: an element with children is an object, a repeated
 * name or `member`/`item` an array, anything else text. A DOCTYPE is refused.
 */
#include "backend/parse/xml.h"

#include "backend/base/buf.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

struct frame {
	json_t *children; /* object or array; NULL while there are none */
	struct buf text;
};

struct state {
	XML_Parser parser;
	struct frame stack[MAX_DEPTH + 1]; /* [0] is the document */
	int depth;
	int err; /* a positive errno */
};

static void stop(struct state *s, int err)
{
	if (!s->err)
		s->err = err;
	XML_StopParser(s->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct state *s = arg;

	(void)name;
	(void)attributes;
	if (s->err)
		return;
	if (s->depth == MAX_DEPTH) {
		stop(s, EIO);
		return;
	}
	s->stack[++s->depth] = (struct frame){.text = BUF_INIT(LIMIT_RESPONSE)};
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
	struct state *s = arg;
	struct frame *f = &s->stack[s->depth];

	if (!s->err && s->depth && !f->children)
		buf_add(&f->text, text, (size_t)len);
}

/* Adds to an object, or to the array that a name met before turns into. Takes `value` over. */
static int add_named(json_t *object, const char *name, json_t *value)
{
	json_t *before = json_object_get(object, name);
	json_t *both;

	if (!before)
		return json_object_set_new(object, name, value);
	if (json_is_array(before))
		return json_array_append_new(before, value);
	both = json_pack("[O,o]", before, value);
	return both ? json_object_set_new(object, name, both) : -1;
}

static int add_child(struct frame *parent, const char *name, json_t *value)
{
	bool member = !strcmp(name, "member") || !strcmp(name, "item");

	if (!parent->children)
		parent->children = member ? json_array() : json_object();
	if (json_is_array(parent->children))
		return json_array_append_new(parent->children, value);
	return add_named(parent->children, name, value);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct state *s = arg;
	struct frame *f = &s->stack[s->depth];
	json_t *value;

	if (s->err)
		return;
	value = f->children;
	if (!value && !buf_failed(&f->text))
		value = json_stringn(buf_str(&f->text), f->text.len);
	buf_release(&f->text);
	s->depth--;
	if (!value || add_child(&s->stack[s->depth], local_name(name), value) < 0)
		stop(s, ENOMEM);
}

static void XMLCALL on_doctype(
    void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(arg, EIO);
}

static void release(struct state *s)
{
	for (int i = 0; i <= s->depth; i++) {
		json_decref(s->stack[i].children);
		buf_release(&s->stack[i].text);
	}
	XML_ParserFree(s->parser);
}

int xml_to_json(const char *bytes, size_t len, json_t **ret, struct ecsfs_error *err)
{
	struct state s = {.parser = XML_ParserCreate("UTF-8")};
	enum XML_Status status;

	if (!s.parser)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	XML_SetUserData(s.parser, &s);
	XML_SetElementHandler(s.parser, on_start, on_end);
	XML_SetCharacterDataHandler(s.parser, on_text);
	XML_SetStartDoctypeDeclHandler(s.parser, on_doctype);
	status = len > INT_MAX ? XML_STATUS_ERROR : XML_Parse(s.parser, bytes, (int)len, 1);
	if (status == XML_STATUS_OK && !s.err && s.stack[0].children) {
		*ret = json_incref(s.stack[0].children);
		release(&s);
		return 0;
	}
	release(&s);
	if (s.err == ENOMEM)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	return ecsfs_error_set(err, EIO, NULL, "the response is not valid XML");
}
