/*
 * How is each stage of the signature written? Sorted tables on the stack, hashes by OpenSSL, and
 * keys that are wiped.
 */
#include "backend/sigv4.h"

#include "backend/base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* More than any request here has; a bound for the sorted tables on the stack. */
enum { MAX_HEADERS = 32, MAX_PARAMETERS = 64 };

static const char algorithm[] = "AWS4-HMAC-SHA256";

static void hex(const unsigned char *bytes, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * len] = '\0';
}

static void add_sha256(const void *bytes, size_t len, struct buf *out)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char text[2 * SHA256_DIGEST_LENGTH + 1];

	SHA256(bytes ? bytes : "", len, digest);
	hex(digest, sizeof(digest), text);
	buf_adds(out, text);
}

static bool unreserved(unsigned char c)
{
	return (c < 0x80 && isalnum(c)) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void add_encoded(const char *s, size_t len, bool keep_slash, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (unreserved(c) || (keep_slash && c == '/'))
			buf_addc(out, s[i]);
		else
			buf_addf(out, "%%%02X", c);
	}
}

/* Drops the last segment, without its slash before: "/a/b" becomes "/a". */
static void drop_segment(struct buf *b)
{
	while (b->len && b->data[--b->len] != '/')
		;
	if (b->data)
		b->data[b->len] = '\0';
}

/* RFC 3986, 5.2.4, and no empty segments. */
static void add_normalized(const char *path, struct buf *out)
{
	const char *p = path;
	bool slash = true;

	while (*p) {
		size_t n = strcspn(p, "/");

		slash = p[n] == '/' || (n == 1 && p[0] == '.') || (n == 2 && !strncmp(p, "..", 2));
		if (n == 2 && !strncmp(p, "..", 2)) {
			drop_segment(out);
		} else if (n && !(n == 1 && p[0] == '.')) {
			buf_addc(out, '/');
			buf_add(out, p, n);
		}
		p += n + (p[n] == '/');
	}
	if (slash || !out->len)
		buf_addc(out, '/');
}

static void add_path(const struct sigv4_request *rq, struct buf *out)
{
	auto_buf struct buf plain = BUF_INIT(out->max);

	if (rq->normalize_path)
		add_normalized(rq->path, &plain);
	else
		buf_adds(&plain, rq->path);
	add_encoded(buf_str(&plain), plain.len, true, out);
}

struct piece {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
	size_t order; /* in the request: equal ones keep their order */
};

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

static int compare_parameters(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int c = compare_bytes(x->name, x->name_len, y->name, y->name_len);

	return c ? c : compare_bytes(x->value, x->value_len, y->value, y->value_len);
}

static int unhex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10;
}

/* Encodes raw characters of the query, and re-encodes the others canonically. */
static void add_recoded(const char *s, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '%' && i + 2 < len && isxdigit((unsigned char)s[i + 1]) &&
		    isxdigit((unsigned char)s[i + 2])) {
			c = (char)(unhex(s[i + 1]) * 16 + unhex(s[i + 2]));
			i += 2;
		}
		add_encoded(&c, 1, false, out);
	}
}

static int add_query(const char *query, struct buf *out)
{
	struct piece pieces[MAX_PARAMETERS];
	struct buf coded[MAX_PARAMETERS];
	size_t count = 0;

	for (const char *p = query ? query : ""; *p; count++) {
		size_t n = strcspn(p, "&"), name = strcspn(p, "=&");

		if (count == MAX_PARAMETERS)
			break;
		buf_init(&coded[count], out->max);
		add_recoded(p, name, &coded[count]);
		pieces[count].name_len = coded[count].len;
		if (name < n)
			add_recoded(p + name + 1, n - name - 1, &coded[count]);
		pieces[count].name = buf_str(&coded[count]);
		pieces[count].value = pieces[count].name + pieces[count].name_len;
		pieces[count].value_len = coded[count].len - pieces[count].name_len;
		p += n + (p[n] == '&');
	}
	qsort(pieces, count, sizeof(*pieces), compare_parameters);
	for (size_t i = 0; i < count; i++) {
		buf_adds(out, i ? "&" : "");
		buf_add(out, pieces[i].name, pieces[i].name_len);
		buf_addc(out, '=');
		buf_add(out, pieces[i].value, pieces[i].value_len);
	}
	for (size_t i = 0; i < count; i++)
		buf_release(&coded[i]);
	return count == MAX_PARAMETERS ? -EINVAL : 0;
}

static int compare_headers(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int c = strcasecmp(x->name, y->name);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int sort_headers(const struct sigv4_request *rq, struct piece sorted[MAX_HEADERS])
{
	if (rq->header_count > MAX_HEADERS)
		return -EINVAL;
	for (size_t i = 0; i < rq->header_count; i++)
		sorted[i] = (struct piece){
		    .name = rq->headers[i].name, .value = rq->headers[i].value, .order = i};
	qsort(sorted, rq->header_count, sizeof(*sorted), compare_headers);
	return 0;
}

static bool same_header(const struct piece *sorted, size_t i)
{
	return i && !strcasecmp(sorted[i].name, sorted[i - 1].name);
}

static void add_lower(const char *s, struct buf *out)
{
	for (; *s; s++)
		buf_addc(out, (char)tolower((unsigned char)*s));
}

/* A value without white space around it, and with one space where it has several. */
static void add_trimmed(const char *value, struct buf *out)
{
	static const char space[] = " \t\r\n";
	const char *p = value + strspn(value, space);

	while (*p) {
		size_t n = strcspn(p, space);

		buf_add(out, p, n);
		p += n;
		p += strspn(p, space);
		if (*p)
			buf_addc(out, ' ');
	}
}

static void add_headers(const struct piece *sorted, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (same_header(sorted, i)) {
			buf_addc(out, ',');
		} else {
			buf_adds(out, i ? "\n" : "");
			add_lower(sorted[i].name, out);
			buf_addc(out, ':');
		}
		add_trimmed(sorted[i].value, out);
	}
	buf_addc(out, '\n');
}

static void add_signed_names(const struct piece *sorted, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		if (!same_header(sorted, i)) {
			buf_adds(out, i ? ";" : "");
			add_lower(sorted[i].name, out);
		}
}

int sigv4_canonical_request(const struct sigv4_request *rq, struct buf *out)
{
	struct piece sorted[MAX_HEADERS];
	int r = sort_headers(rq, sorted);

	if (r < 0)
		return r;
	buf_addf(out, "%s\n", rq->method);
	add_path(rq, out);
	buf_addc(out, '\n');
	r = add_query(rq->query, out);
	if (r < 0)
		return r;
	buf_addc(out, '\n');
	add_headers(sorted, rq->header_count, out);
	buf_addc(out, '\n');
	add_signed_names(sorted, rq->header_count, out);
	buf_addc(out, '\n');
	add_sha256(rq->body, rq->body_len, out);
	return buf_failed(out) ? -ENOMEM : 0;
}

void sigv4_date(int64_t time_s, char ret[17])
{
	time_t t = (time_t)time_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year < 0 || tm.tm_year > 8099)
		tm = (struct tm){.tm_year = 70, .tm_mday = 1};
	strftime(ret, 17, "%Y%m%dT%H%M%SZ", &tm);
}

/* "20150830/us-east-1/iam/aws4_request" */
static void add_scope(const struct sigv4_scope *scope, struct buf *out)
{
	char date[17];

	sigv4_date(scope->time_s, date);
	buf_addf(out, "%.8s/%s/%s/aws4_request", date, scope->region, scope->service);
}

int sigv4_string_to_sign(
    const struct sigv4_scope *scope, const char *canonical_request, size_t len, struct buf *out)
{
	char date[17];

	sigv4_date(scope->time_s, date);
	buf_addf(out, "%s\n%s\n", algorithm, date);
	add_scope(scope, out);
	buf_addc(out, '\n');
	add_sha256(canonical_request, len, out);
	return buf_failed(out) ? -ENOMEM : 0;
}

struct key {
	unsigned char bytes[SHA256_DIGEST_LENGTH];
};

static bool hmac(const void *key, size_t key_len, const char *text, size_t len, struct key *ret)
{
	return HMAC(
	    EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, ret->bytes, NULL);
}

static bool hmac_step(struct key *k, const char *text)
{
	struct key next;
	bool ok = hmac(k->bytes, sizeof(k->bytes), text, strlen(text), &next);

	*k = next;
	OPENSSL_cleanse(&next, sizeof(next));
	return ok;
}

static int derive(const struct credentials *c, const struct sigv4_scope *scope, struct key *ret)
{
	auto_buf struct buf secret = BUF_INIT(4 * KIB);
	char date[17];
	bool ok;

	sigv4_date(scope->time_s, date);
	date[8] = '\0';
	buf_addf(&secret, "AWS4%s", credentials_secret_peek(c));
	if (buf_failed(&secret))
		return -ENOMEM;
	ok = hmac(secret.data, secret.len, date, 8, ret) && hmac_step(ret, scope->region) &&
	    hmac_step(ret, scope->service) && hmac_step(ret, "aws4_request");
	OPENSSL_cleanse(secret.data, secret.cap);
	return ok ? 0 : -ENOMEM;
}

int sigv4_signature(const struct credentials *c, const struct sigv4_scope *scope,
    const char *string_to_sign, size_t len, char ret_hex[65])
{
	struct key key, digest;
	int r = derive(c, scope, &key);

	if (r == 0 && !hmac(key.bytes, sizeof(key.bytes), string_to_sign, len, &digest))
		r = -ENOMEM;
	OPENSSL_cleanse(&key, sizeof(key));
	if (r == 0)
		hex(digest.bytes, sizeof(digest.bytes), ret_hex);
	return r;
}

int sigv4_authorization(const struct credentials *c, const struct sigv4_scope *scope,
    const struct sigv4_request *rq, struct buf *out)
{
	auto_buf struct buf canonical = BUF_INIT(out->max), to_sign = BUF_INIT(out->max);
	struct piece sorted[MAX_HEADERS];
	char signature[65];
	int r = sigv4_canonical_request(rq, &canonical);

	if (r == 0)
		r = sigv4_string_to_sign(scope, buf_str(&canonical), canonical.len, &to_sign);
	if (r == 0)
		r = sigv4_signature(c, scope, buf_str(&to_sign), to_sign.len, signature);
	if (r == 0)
		r = sort_headers(rq, sorted);
	if (r < 0)
		return r;
	buf_addf(out, "%s Credential=%s/", algorithm, credentials_access_key_id_peek(c));
	add_scope(scope, out);
	buf_adds(out, ", SignedHeaders=");
	add_signed_names(sorted, rq->header_count, out);
	buf_addf(out, ", Signature=%s", signature);
	return buf_failed(out) ? -ENOMEM : 0;
}
