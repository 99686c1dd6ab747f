/*
 * How is the configuration file read? At each use: there is no state. Options are set by their
 * rows, as those of the command line are; the file is parsed as AWS's own files are
 * (backend/config/ini.h).
 */
#include "fs/cli/options/preset.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/base/nearest.h"
#include "backend/config/ini.h"
#include "fs/cli/options/option_table.h"
#include "fs/cli/options/option_value.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static char *config_path(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	char *path = NULL;

	if (!xdg || *xdg != '/')
		return path_expand("~/.config/ecsfs/config", getenv("HOME"));
	return asprintf(&path, "%s/ecsfs/config", xdg) < 0 ? NULL : path;
}

/* {section: {key: value}}; NULL and 0 where there is no file. */
static int read_config(const char *path, json_t **ret, struct ecsfs_error *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_CONFIG_FILE);
	int e = file_read(path, false, &text);

	*ret = NULL;
	if (e == -ENOENT)
		return 0;
	if (e)
		return ecsfs_error_set(err, EINVAL, NULL, "%s: %s", path, strerror(-e));
	return ini_parse(path, buf_str(&text), text.len, ret, err);
}

static int unknown_preset(
    const char *path, const char *name, const json_t *config, struct ecsfs_error *err)
{
	const char *section;
	const json_t *value;
	struct nearest n;

	nearest_begin(&n, name);
	json_object_foreach ((json_t *)config, section, value)
		nearest_try(&n, section);
	if (nearest_peek(&n))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "@%s: no such preset in %s (did you mean @%s?)", name, path, nearest_peek(&n));
	return ecsfs_error_set(
	    err, EINVAL, NULL, "@%s: no such preset: %s has no section [%s]", name, path, name);
}

/* A flag is set by true and left alone by false. */
static int set_flag(struct options *o, const struct option_row *row, const char *value)
{
	if (strcmp(value, "false") == 0)
		return 0;
	return strcmp(value, "true") == 0 ? option_set(o, row, NULL, ",") : -EINVAL;
}

static int set_one(const char *path, const char *name, struct options *o, const char *key,
    const char *value, struct ecsfs_error *err)
{
	const struct option_row *row = option_find(key, strlen(key));
	const char *meant = row ? NULL : option_nearest(key, strlen(key));

	if (!row)
		return ecsfs_error_set(err, EINVAL, NULL, "%s: [%s]: unknown option %s%s%s%s", path,
		    name, key, meant ? " (did you mean " : "", meant ? meant : "",
		    meant ? "?)" : "");
	int e = row->type == OPT_FLAG ? set_flag(o, row, value) : option_set(o, row, value, ",");
	if (e != -EINVAL)
		return e;
	return ecsfs_error_set(err, EINVAL, NULL, "%s: [%s]: %s = %s: expected %s", path, name, key,
	    value, row->type == OPT_FLAG ? "true or false" : option_expects(row));
}

int preset_apply(
    const char *name, struct options *o, char **ret_mountpoint, struct ecsfs_error *err)
{
	auto_free char *path = config_path();
	json_auto_t *config = NULL;
	const char *key;
	json_t *section, *value;

	*ret_mountpoint = NULL;
	int e = path ? read_config(path, &config, err) : -ENOMEM;
	if (e)
		return e;
	section = json_object_get(config, name);
	if (!section)
		return unknown_preset(path, name, config, err);
	json_object_foreach (section, key, value) {
		const char *text = json_string_value(value);

		if (strcmp(key, "mountpoint") == 0 && text) {
			free(*ret_mountpoint);
			*ret_mountpoint = path_expand(text, getenv("HOME"));
		} else {
			e = set_one(path, name, o, key, text ? text : "", err);
		}
		if (e)
			return e;
	}
	return 0;
}

void preset_each(void (*fn)(void *arg, const char *name), void *arg)
{
	auto_free char *path = config_path();
	json_auto_t *config = NULL;
	const char *name;
	json_t *section;

	if (!path || read_config(path, &config, NULL) != 0)
		return;
	json_object_foreach (config, name, section)
		fn(arg, name);
}
