/*
 * Which section holds a profile's keys? Both files are parsed once; the config file's headers
 * (profile, sso-session, services) are sorted by kind, so that a look-up is one step.
 */
#include "backend/config/config.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/base/words.h"
#include "backend/config/ini.h"
#include "backend/credentials/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES 2
#define KINDS 3

struct config {
	char *path[FILES];
	struct config_stamp stamp;
	json_t *text[FILES]; /* sections as they stand in the file */
	json_t *kind[KINDS]; /* name: section of the config file (shared with `text`) */
};

/* Sets the kind's `name` to the section, if the header is one word and a name. The last of several
 * spellings of one name wins, as in botocore. */
static int add_named(json_t *kind, const char *header, json_t *section)
{
	struct words words;
	int r = words_split(header, &words);

	if (r == -EINVAL)
		return 0;
	if (r)
		return r;
	if (words.count == 2)
		r = json_object_set(kind, words.word[1], section) ? -ENOMEM : 0;
	words_release(&words);
	return r;
}

static bool begins(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static int sort_sections(struct config *c)
{
	const char *header;
	json_t *section;
	int r = 0;

	json_object_foreach (c->text[CONFIG_CONFIG_FILE], header, section) {
		if (begins(header, "profile"))
			r = add_named(c->kind[CONFIG_PROFILE], header, section);
		else if (begins(header, "sso-session"))
			r = add_named(c->kind[CONFIG_SSO_SESSION], header, section);
		else if (begins(header, "services"))
			r = add_named(c->kind[CONFIG_SERVICES], header, section);
		else if (!strcmp(header, "default"))
			r = json_object_set(c->kind[CONFIG_PROFILE], header, section) ? -ENOMEM : 0;
		if (r)
			return r;
	}
	return 0;
}

static void warn_about_mode(const char *path, mode_t mode)
{
	if (mode & S_IWOTH)
		log_warn("%s can be written by everybody: chmod 600 it", path);
}

static int read_file(struct config *c, enum config_file file, struct ecsfs_error *err)
{
	auto_secret_buf struct buf text = BUF_INIT(LIMIT_CONFIG_FILE);
	const char *path = c->path[file];
	int r;

	/* Before reading: a change in between is then noticed. */
	c->stamp.file[file] = file_stamp(path);
	r = file_read(path, false, &text);
	if (r == -EFBIG)
		return ecsfs_error_set(err, EFBIG, NULL,
		    "%s exceeds the limit of %zu KiB: remove sections that are not needed", path,
		    LIMIT_CONFIG_FILE / KIB);
	/* /dev/null is the usual way to name no file. */
	if (r && r != -ENOENT && r != -ENOTDIR && !S_ISCHR(c->stamp.file[file].mode))
		log_warn("%s cannot be read and is taken as empty: %s", path,
		    r == -EINVAL ? "it is not a regular file" : strerror(-r));
	if (r) {
		c->text[file] = json_object();
		return c->text[file] ? 0 : -ENOMEM;
	}
	warn_about_mode(path, c->stamp.file[file].mode);
	return ini_parse(path, buf_str(&text), text.len, &c->text[file], err);
}

/* A variable that is set but empty names no file, and so hides the usual one. */
static char *path_of(const char *variable, const char *usual, const char *home)
{
	const char *path = getenv(variable);

	return path_expand(path ? path : usual, home);
}

static int load(struct config *c, const char *home, struct ecsfs_error *err)
{
	int r = 0;

	c->path[CONFIG_CONFIG_FILE] = path_of("AWS_CONFIG_FILE", "~/.aws/config", home);
	c->path[CONFIG_CREDENTIALS_FILE] =
	    path_of("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", home);
	for (int i = 0; i < KINDS; i++)
		c->kind[i] = json_object();
	for (int i = 0; i < FILES && !r; i++)
		r = c->path[i] ? read_file(c, (enum config_file)i, err) : -ENOMEM;
	return r ? r : sort_sections(c);
}

int config_load(const char *home, struct config **ret, struct ecsfs_error *err)
{
	struct config *c = calloc(1, sizeof(*c));
	int r = c ? load(c, home, err) : -ENOMEM;

	if (!r)
		*ret = c;
	else
		config_free(c);
	return r == -ENOMEM ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : r;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (int i = 0; i < KINDS; i++)
		json_decref(c->kind[i]);
	for (int i = 0; i < FILES; i++) {
		secret_json_free(c->text[i]);
		free(c->path[i]);
	}
	free(c);
}

struct config_stamp config_stamp_read(const struct config *c)
{
	return c->stamp;
}

struct config_stamp config_stamp_now(const struct config *c)
{
	struct config_stamp now;

	for (int i = 0; i < FILES; i++)
		now.file[i] = file_stamp(c->path[i]);
	return now;
}

bool config_stamp_equal(const struct config_stamp *a, const struct config_stamp *b)
{
	return file_stamp_equal(&a->file[0], &b->file[0]) &&
	    file_stamp_equal(&a->file[1], &b->file[1]);
}

static json_t *credentials_section_peek(const struct config *c, const char *profile)
{
	return json_object_get(c->text[CONFIG_CREDENTIALS_FILE], profile);
}

bool config_has(const struct config *c, enum config_kind kind, const char *name)
{
	return json_object_get(c->kind[kind], name) ||
	    (kind == CONFIG_PROFILE && credentials_section_peek(c, name));
}

bool config_is_empty(const struct config *c, enum config_kind kind, const char *name)
{
	return !json_object_size(json_object_get(c->kind[kind], name));
}

/* A string or a table. */
static json_t *value_peek(
    const struct config *c, enum config_kind kind, const char *name, const char *key)
{
	json_t *value = NULL;

	if (kind == CONFIG_PROFILE)
		value = json_object_get(credentials_section_peek(c, name), key);
	return value ? value : json_object_get(json_object_get(c->kind[kind], name), key);
}

const char *config_get(
    const struct config *c, enum config_kind kind, const char *name, const char *key)
{
	return json_string_value(value_peek(c, kind, name, key));
}

const char *config_get_from(
    const struct config *c, enum config_file file, const char *profile, const char *key)
{
	json_t *section = file == CONFIG_CREDENTIALS_FILE
	    ? credentials_section_peek(c, profile)
	    : json_object_get(c->kind[CONFIG_PROFILE], profile);

	return json_string_value(json_object_get(section, key));
}

const char *config_get_nested(const struct config *c, enum config_kind kind, const char *name,
    const char *key, const char *inner)
{
	return json_string_value(json_object_get(value_peek(c, kind, name, key), inner));
}

const char *config_conflict(const struct config *c, const char *profile, const char *sso_session)
{
	const char *key;
	json_t *value;

	json_object_foreach (
	    json_object_get(c->kind[CONFIG_SSO_SESSION], sso_session), key, value) {
		json_t *other = value_peek(c, CONFIG_PROFILE, profile, key);

		if (other && !json_equal(other, value))
			return key;
	}
	return NULL;
}

void config_list_profiles(const struct config *c, struct buf *out)
{
	const char *name;
	json_t *section;
	size_t start = out->len;

	json_object_foreach (c->kind[CONFIG_PROFILE], name, section)
		buf_addf(out, "%s%s", out->len > start ? ", " : "", name);
	json_object_foreach (c->text[CONFIG_CREDENTIALS_FILE], name, section)
		if (!json_object_get(c->kind[CONFIG_PROFILE], name))
			buf_addf(out, "%s%s", out->len > start ? ", " : "", name);
	if (out->len == start)
		buf_adds(out, "none");
}

const char *config_path_peek(const struct config *c, enum config_file file)
{
	return c->path[file];
}

int config_check_session(
    const struct config *c, const char *profile, const char *session, struct ecsfs_error *err)
{
	static const char *const needed[] = {"sso_start_url", "sso_region"};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!config_get(c, CONFIG_SSO_SESSION, session, needed[i]))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "the sso-session '%s' of profile '%s' has no %s", session, profile,
			    needed[i]);
	return 0;
}
