/* How is a payload sealed and opened? By OpenSSL's EVP interface; a fresh random nonce for each. */
#include "backend/exec/crypt.h"

#include "backend/base/cleanup.h"
#include "backend/exec/message.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

enum { NONCE_LEN = 12, TAG_LEN = 16 };

static int seal(
    EVP_CIPHER_CTX *c, const unsigned char *key, const void *plain, int len, unsigned char *to)
{
	int n = 0, rest = 0;

	if (RAND_bytes(to, NONCE_LEN) != 1 ||
	    EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, to) != 1 ||
	    EVP_EncryptUpdate(c, to + NONCE_LEN, &n, plain, len) != 1 ||
	    EVP_EncryptFinal_ex(c, to + NONCE_LEN + n, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, to + NONCE_LEN + n + rest) != 1)
		return -EIO;
	return 0;
}

static int open_sealed(EVP_CIPHER_CTX *c, const unsigned char *key, const unsigned char *sealed,
    int len, unsigned char *to)
{
	unsigned char tag[TAG_LEN];
	int n = 0, rest = 0;

	memcpy(tag, sealed + NONCE_LEN + len, TAG_LEN);
	if (EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, sealed) != 1 ||
	    EVP_DecryptUpdate(c, to, &n, sealed + NONCE_LEN, len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) != 1 ||
	    EVP_DecryptFinal_ex(c, to + n, &rest) != 1)
		return -EBADMSG;
	return 0;
}

int crypt_seal(
    const unsigned char key[CRYPT_KEY_LEN], const void *plain, size_t len, struct buf *out)
{
	auto_free unsigned char *to = malloc(len + CRYPT_OVERHEAD);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int r = to && c && len < MESSAGE_MAX ? seal(c, key, plain, (int)len, to) : -ENOMEM;

	EVP_CIPHER_CTX_free(c);
	if (r == 0)
		buf_add(out, to, len + CRYPT_OVERHEAD);
	return r;
}

int crypt_open(
    const unsigned char key[CRYPT_KEY_LEN], const void *sealed, size_t len, struct buf *out)
{
	size_t n = len - CRYPT_OVERHEAD;
	auto_free unsigned char *to = NULL;
	EVP_CIPHER_CTX *c;
	int r;

	if (len < CRYPT_OVERHEAD || len > MESSAGE_MAX)
		return -EBADMSG;
	to = malloc(n + 1);
	c = EVP_CIPHER_CTX_new();
	r = to && c ? open_sealed(c, key, sealed, (int)n, to) : -ENOMEM;
	EVP_CIPHER_CTX_free(c);
	if (r == 0)
		buf_add(out, to, n);
	if (to)
		OPENSSL_cleanse(to, n);
	return r;
}
