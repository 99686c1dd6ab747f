/*
 * Where does the AWS CLI keep the tokens of `aws sso login` and `aws login`? In JSON files named by
 * a hash, which every program that refreshes a token rewrites.
 */
#ifndef ECSFS_CREDENTIALS_TOKEN_FILE_H
#define ECSFS_CREDENTIALS_TOKEN_FILE_H

#include "backend/base/file.h"
#include "backend/error.h"

#include <jansson.h>

struct token_file {
	char *path;
	struct file_stamp stamp; /* of what was last loaded or saved */
};

/* DIRECTORY/HASH.json, HASH being `name`'s in hex; `digest` as OpenSSL names it ("SHA1"). */
int token_file_init(
    struct token_file *f, const char *directory, const char *digest, const char *name);
void token_file_release(struct token_file *f);

/* A new object (release with secret_json_free). -ENOENT: the file does not exist or is not JSON:
 * there was no login. */
int token_file_load(struct token_file *f, json_t **ret);
/* Replaces the file, mode 0600, at once. */
int token_file_save(struct token_file *f, const json_t *token);
/* Whether it was written since. */
bool token_file_changed(const struct token_file *f);

#endif
