/*
 * What do the shared files say? ~/.aws/config (AWS_CONFIG_FILE) and ~/.aws/credentials
 * (AWS_SHARED_CREDENTIALS_FILE) are read once and never changed; any thread. A file that does not
 * exist, or cannot be read (a warning), is empty.
 */
#ifndef ECSFS_CONFIG_H
#define ECSFS_CONFIG_H

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/error.h"

#include <stdbool.h>
#include <stddef.h>

enum config_kind {
	CONFIG_PROFILE, /* [default], [profile NAME]; of both files, the credentials file wins */
	CONFIG_SSO_SESSION,
	CONFIG_SERVICES,
};

enum config_file { CONFIG_CONFIG_FILE, CONFIG_CREDENTIALS_FILE };

struct config;

/* `home` represents `~`, NULL: none. -EINVAL with "PATH:LINE: ..." for a file that is malformed. */
int config_load(const char *home, struct config **ret, struct ecsfs_error *err);
void config_free(struct config *c);

/* The versions of the two files. */
struct config_stamp {
	struct file_stamp file[2];
};
struct config_stamp config_stamp_read(const struct config *c); /* when `c` was made */
struct config_stamp config_stamp_now(const struct config *c);  /* the present versions */
bool config_stamp_equal(const struct config_stamp *a, const struct config_stamp *b);

bool config_has(const struct config *c, enum config_kind kind, const char *name);
/* Whether a section of the config file is absent or has no keys. */
bool config_is_empty(const struct config *c, enum config_kind kind, const char *name);

/* -EINVAL where an sso-session, which `profile` names, has no start URL or no region. */
int config_check_session(
    const struct config *c, const char *profile, const char *session, struct ecsfs_error *err);

/* A value, borrowed; "" where the key has none, NULL where the key (or the section) is absent or
 * holds a table. */
const char *config_get(
    const struct config *c, enum config_kind kind, const char *name, const char *key);
/* A profile's value as one file has it. */
const char *config_get_from(
    const struct config *c, enum config_file file, const char *profile, const char *key);
/* A value of the table `key`. */
const char *config_get_nested(const struct config *c, enum config_kind kind, const char *name,
    const char *key, const char *inner);

/* A key that both have, with different values; borrowed, NULL: none. */
const char *config_conflict(const struct config *c, const char *profile, const char *sso_session);

/* Appends the names of all profiles, "a, b, c" ("none" where there are none). */
void config_list_profiles(const struct config *c, struct buf *out);

const char *config_path_peek(const struct config *c, enum config_file file);

#endif
