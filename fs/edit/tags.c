/* Which tags must be set and removed so that a resource has the tags of its file? */
#include "fs/edit/tags.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/text.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define TAGS_MAX 50
#define KEY_MAX 128
#define VALUE_MAX 256

/* ECS's rule for ASCII; beyond it letters and digits of any script are allowed: AWS validates them.
 */
static bool characters_allowed(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool alnum =
		    (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c < 0x80 && !alnum && !strchr(" +-=._:/@", c))
			return false;
	}
	return true;
}

static int check_tag(const char *key, const char *value, struct ecsfs_error *err)
{
	if (canon_tag_reserved(key))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the key %s begins with aws:, which is AWS's own", key);
	if (text_characters(key) > KEY_MAX)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the key %.40s... is over %d characters", key, KEY_MAX);
	if (text_characters(value) > VALUE_MAX)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the value of %s is over %d characters", key, VALUE_MAX);
	if (!characters_allowed(key) || !characters_allowed(value))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the tag %s holds a character other than letters, digits, spaces and + - = . _ "
		    ": / @",
		    key);
	return 0;
}

/* The tags as an object of key to value: lists of many thousands are not searched one by one. */
static json_t *by_key(const json_t *tags)
{
	json_t *index = json_object();
	size_t i;
	json_t *tag;

	json_array_foreach (tags, i, tag)
		json_object_set(index, doc_string_peek(tag, "key"), json_object_get(tag, "value"));
	return index;
}

static int list_changed(
    const json_t *now, const json_t *named, json_t *set, struct ecsfs_error *err)
{
	json_auto_t *index = by_key(now);
	const char *key;
	json_t *value;
	int got;

	json_object_foreach ((json_t *)named, key, value) {
		if (json_equal(json_object_get(index, key), value))
			continue;
		got = check_tag(key, json_string_value(value), err);
		if (got)
			return got;
		json_array_append_new(set, json_pack("{s:s, s:O}", "key", key, "value", value));
	}
	return 0;
}

static void list_gone(const json_t *now, const json_t *named, json_t *unset)
{
	size_t i;
	json_t *tag;

	json_array_foreach (now, i, tag) {
		const char *key = doc_string_peek(tag, "key");

		if (!canon_tag_reserved(key) && !json_object_get(named, key))
			json_array_append_new(unset, json_string(key));
	}
}

json_t *tags_applied(const json_t *now, const json_t *set, const json_t *unset)
{
	json_t *tags = json_array();
	json_auto_t *without = by_key(set);
	size_t i;
	json_t *tag;

	json_array_foreach (unset, i, tag)
		json_object_set_new(without, json_string_value(tag), json_null());
	json_array_foreach (now, i, tag)
		if (!json_object_get(without, doc_string_peek(tag, "key")))
			json_array_append(tags, tag);
	json_array_foreach (set, i, tag)
		json_array_append(tags, tag);
	return tags;
}

bool tags_fit(const json_t *now, const json_t *set)
{
	json_auto_t *after = tags_applied(now, set, NULL);
	json_auto_t *ours = canon_tags(after);

	return json_array_size(ours) <= TAGS_MAX;
}

static int check_count(
    const json_t *now, const json_t *set, const json_t *unset, struct ecsfs_error *err)
{
	json_auto_t *after = tags_applied(now, set, unset);
	json_auto_t *ours = canon_tags(after);

	if (json_array_size(set) > 0 && json_array_size(ours) > TAGS_MAX)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "a resource holds at most %d tags, these would be %zu: remove some", TAGS_MAX,
		    json_array_size(ours));
	return 0;
}

int tags_difference(const json_t *now, const json_t *named, bool whole, json_t **ret_set,
    json_t **ret_unset, struct ecsfs_error *err)
{
	json_auto_t *set = json_array(), *unset = json_array();
	int got = list_changed(now, named, set, err);

	if (got)
		return got;
	if (whole)
		list_gone(now, named, unset);
	got = check_count(now, set, unset, err);
	if (got)
		return got;
	*ret_set = move_ptr(set);
	*ret_unset = move_ptr(unset);
	return 0;
}
