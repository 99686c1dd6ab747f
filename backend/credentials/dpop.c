/*
 * How is a proof of possession signed? Header and claims as JSON, base64url, and an ES256 signature
 * of both made by OpenSSL.
 */
#include "backend/credentials/dpop.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

enum { COORDINATE = 32 }; /* bytes of a number of P-256 */

static void release_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void release_bn(BIGNUM **bn)
{
	BN_free(*bn);
}

static void release_signature(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

static void release_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

/* Base64 for URLs, without padding. */
static void add_base64url(struct buf *out, const unsigned char *bytes, size_t len)
{
	static const char digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < len; i += 3) {
		unsigned long word = (unsigned long)bytes[i] << 16;

		word |= i + 1 < len ? (unsigned long)bytes[i + 1] << 8 : 0;
		word |= i + 2 < len ? bytes[i + 2] : 0;
		buf_addc(out, digit[word >> 18]);
		buf_addc(out, digit[word >> 12 & 63]);
		if (i + 1 < len)
			buf_addc(out, digit[word >> 6 & 63]);
		if (i + 2 < len)
			buf_addc(out, digit[word & 63]);
	}
}

static int add_coordinate(const EVP_PKEY *key, const char *name, struct buf *out)
{
	__attribute__((cleanup(release_bn))) BIGNUM *number = NULL;
	unsigned char bytes[COORDINATE];

	if (!EVP_PKEY_get_bn_param(key, name, &number) ||
	    BN_bn2binpad(number, bytes, COORDINATE) != COORDINATE)
		return -EINVAL;
	add_base64url(out, bytes, COORDINATE);
	return 0;
}

static int add_json(struct buf *out, json_t *json)
{
	auto_free char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		add_base64url(out, (const unsigned char *)text, strlen(text));
	return text ? 0 : -ENOMEM;
}

static int add_header(struct buf *out, const EVP_PKEY *key)
{
	auto_buf struct buf x = BUF_INIT(KIB), y = BUF_INIT(KIB);
	json_auto_t *header = NULL;

	if (add_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) ||
	    add_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y))
		return -EINVAL;
	header = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "typ", "dpop+jwt", "alg", "ES256",
	    "jwk", "kty", "EC", "x", buf_str(&x), "y", buf_str(&y), "crv", "P-256");
	return add_json(out, header);
}

static int add_claims(struct buf *out, const char *url, int64_t now_s)
{
	unsigned char r[16];
	char id[37];
	json_auto_t *claims = NULL;

	if (getentropy(r, sizeof(r)) != 0)
		return -EIO;
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	snprintf(id, sizeof(id),
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
	    r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
	    r[15]);
	claims = json_pack(
	    "{s:s, s:s, s:I, s:s}", "htm", "POST", "htu", url, "iat", (json_int_t)now_s, "jti", id);
	return add_json(out, claims);
}

/* JWTs hold the two numbers of a signature side by side, OpenSSL makes DER of them. */
static int add_signature(struct buf *out, const unsigned char *der, size_t len)
{
	__attribute__((cleanup(release_signature))) ECDSA_SIG *signature =
	    d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char bytes[2 * COORDINATE];

	if (!signature ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, COORDINATE) != COORDINATE ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + COORDINATE, COORDINATE) != COORDINATE)
		return -EINVAL;
	buf_addc(out, '.');
	add_base64url(out, bytes, sizeof(bytes));
	return 0;
}

static int sign(struct buf *out, EVP_PKEY *key, const char *text, size_t text_len)
{
	__attribute__((cleanup(release_context))) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char der[160];
	size_t len = sizeof(der);

	if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(context, der, &len, (const unsigned char *)text, text_len) != 1)
		return -EINVAL;
	return add_signature(out, der, len);
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;

	BIO_free(bio);
	return key;
}

int dpop_proof(
    const char *pem, const char *url, int64_t now_s, struct buf *out, struct ecsfs_error *err)
{
	__attribute__((cleanup(release_key))) EVP_PKEY *key = read_key(pem);
	auto_buf struct buf jwt = BUF_INIT(4 * LIMIT_VALUE);
	char group[32] = "";
	int r;

	if (!key || !EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) ||
	    strcmp(group, "prime256v1"))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the login's key is not of P-256: run aws login again");
	r = add_header(&jwt, key);
	buf_addc(&jwt, '.');
	if (!r)
		r = add_claims(&jwt, url, now_s);
	if (!r)
		r = sign(&jwt, key, buf_str(&jwt), jwt.len);
	if (r || buf_failed(&jwt))
		return ecsfs_error_set(
		    err, EIO, NULL, "the login's key cannot sign: run aws login again");
	buf_add(out, jwt.data, jwt.len);
	return 0;
}
