/* Which numbers of a document become times in the files that show it? */
#include "fs/edit/members/shown.h"

#include "backend/base/cleanup.h"
#include "fs/value.h"

static json_t *show(const json_t *value, const struct shape *shape);

static json_t *show_object(const json_t *object, const struct shape *members)
{
	json_auto_t *copy = json_object();
	const char *name;
	json_t *member;

	json_object_foreach ((json_t *)object, name, member)
		if (json_object_set_new(copy, name, show(member, shape_named(members, name))))
			return NULL;
	return move_ptr(copy);
}

static json_t *show_list(const json_t *list, const struct shape *members)
{
	json_auto_t *copy = json_array();
	size_t i;
	json_t *element;

	json_array_foreach (list, i, element)
		if (json_array_append_new(copy, shown_times(element, members)))
			return NULL;
	return move_ptr(copy);
}

static json_t *iso_time(const json_t *seconds)
{
	auto_buf struct buf text = BUF_INIT(64);

	value_render_time(json_number_value(seconds), &text);
	return json_string(buf_str(&text));
}

/* A value without known members is shared, not copied: most of a document. */
static json_t *show(const json_t *value, const struct shape *shape)
{
	if (shape && shape->type == SHAPE_TIME && json_is_number(value))
		return iso_time(value);
	return shown_times(value, shape ? shape->members : NULL);
}

json_t *shown_times(const json_t *doc, const struct shape *members)
{
	if (members && json_is_object(doc))
		return show_object(doc, members);
	if (members && json_is_array(doc))
		return show_list(doc, members);
	return json_incref((json_t *)doc);
}

void shown_document(const json_t *doc, const struct shape *members, struct buf *out)
{
	json_auto_t *shown = NULL;

	if (!doc || json_is_null(doc))
		return;
	/* A missing copy is lack of memory: a half document must not look like a whole one. */
	shown = shown_times(doc, members);
	if (shown)
		value_render_document(shown, out);
	else
		buf_fail(out);
}

void shown_member(
    const json_t *object, const struct shape *members, const char *name, struct buf *out)
{
	const struct shape *shape = shape_named(members, name);
	const json_t *value = json_object_get(object, name);

	if (json_is_object(value) || json_is_array(value))
		shown_document(value, shape ? shape->members : NULL, out);
	else
		value_render(value, shape && shape->type == SHAPE_TIME, out);
}
