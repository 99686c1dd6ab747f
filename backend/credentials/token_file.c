/*
 * Where is a token file, and did it change? In DIRECTORY, under the digest of a name; its stamp is
 * taken with each read and compared before the next.
 */
#include "backend/credentials/token_file.h"

#include "backend/base/limits.h"
#include "backend/credentials/credentials.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

int token_file_init(
    struct token_file *f, const char *directory, const char *digest, const char *name)
{
	auto_buf struct buf path = BUF_INIT(LIMIT_DOCUMENT);
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t len;

	if (!EVP_Q_digest(NULL, digest, NULL, name, strlen(name), hash, &len))
		return -ENOMEM;
	buf_addf(&path, "%s/", directory);
	for (size_t i = 0; i < len; i++)
		buf_addf(&path, "%02x", hash[i]);
	buf_adds(&path, ".json");
	*f = (struct token_file){.path = buf_detach(&path, NULL)};
	return f->path ? 0 : -ENOMEM;
}

void token_file_release(struct token_file *f)
{
	free(f->path);
	*f = (struct token_file){0};
}

int token_file_load(struct token_file *f, json_t **ret)
{
	auto_secret_buf struct buf text = BUF_INIT(LIMIT_CREDENTIAL_RESPONSE);
	json_t *json;

	f->stamp = file_stamp(f->path);
	if (file_read(f->path, false, &text))
		return -ENOENT;
	json = json_loadb(buf_str(&text), text.len, 0, NULL);
	if (json_is_object(json)) {
		*ret = json;
		return 0;
	}
	secret_json_free(json);
	return -ENOENT;
}

int token_file_save(struct token_file *f, const json_t *token)
{
	auto_secret char *text = json_dumps(token, JSON_COMPACT);
	int r = text ? file_replace(f->path, text, strlen(text)) : -ENOMEM;

	f->stamp = file_stamp(f->path);
	return r;
}

bool token_file_changed(const struct token_file *f)
{
	struct file_stamp now = file_stamp(f->path);

	return !file_stamp_equal(&now, &f->stamp);
}
