/*
 * May a data channel's URL be used, and how is it signed? Only wss://, or ws:// to this machine;
 * the upgrade request is signed for ssmmessages.
 */
#include "backend/exec/stream_url.h"

#include "backend/base/cleanup.h"
#include "backend/config/settings.h"
#include "backend/credentials/credentials.h"
#include "backend/http/http.h"
#include "backend/http/http_url.h"
#include "backend/sigv4.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

bool stream_url_is_safe(const char *url)
{
	auto_free char *http = NULL;

	if (!strncasecmp(url, "wss://", 6))
		return true;
	return !strncasecmp(url, "ws://", 5) && asprintf(&http, "http%s", url + 2) >= 0 &&
	    http_is_loopback(http);
}

/*
 * The signature of the upgrade request. AWS's signer reads a bare '+' of the query as a space
 * (cell-number holds some), though the URL goes out as it is.
 */
int stream_url_sign(struct aws_client *client, const char *region, const char *url,
    struct buf *lines, struct ecsfs_error *err)
{
	const struct aws_settings *settings = aws_client_settings_peek(client);
	struct credentials *keys = NULL;
	const char *host = strstr(url, "://") + 3;
	size_t host_len = strcspn(host, "/?");
	auto_free char *host_text = strndup(host, host_len), *path = NULL;
	auto_buf struct buf query = BUF_INIT(8192);
	const char *token, *mark = strchr(host, '?');
	char date[17];
	int64_t now_s = aws_client_now_ms(client) / 1000;
	const struct sigv4_scope scope = {
	    .region = region, .service = "ssmmessages", .time_s = now_s};
	struct sigv4_header headers[3];
	struct sigv4_request rq = {.method = "GET", .headers = headers, .normalize_path = true};
	int r = settings->provider ? settings->provider->fetch(settings->provider, &keys, err) : 0;

	if (r || !keys)
		return r;
	path = strndup(host + host_len, (mark ? (size_t)(mark - host) : strlen(host)) - host_len);
	for (const char *p = mark ? mark + 1 : ""; *p; p++)
		buf_adds(&query, *p == '+' ? "%20" : (char[2]){*p, '\0'});
	sigv4_date(now_s, date);
	headers[rq.header_count++] = (struct sigv4_header){"Host", host_text};
	headers[rq.header_count++] = (struct sigv4_header){"X-Amz-Date", date};
	token = credentials_session_token_peek(keys);
	if (token)
		headers[rq.header_count++] = (struct sigv4_header){"X-Amz-Security-Token", token};
	rq.path = path && *path ? path : "/";
	rq.query = buf_str(&query);
	buf_addf(lines, "X-Amz-Date: %s", date);
	buf_addc(lines, '\0');
	if (token) {
		buf_addf(lines, "X-Amz-Security-Token: %s", token);
		buf_addc(lines, '\0');
	}
	buf_adds(lines, "Authorization: ");
	r = host_text && path ? sigv4_authorization(keys, &scope, &rq, lines) : -ENOMEM;
	buf_addc(lines, '\0');
	credentials_unref(keys);
	return r || buf_failed(lines)
	    ? ecsfs_error_set(err, EIO, NULL, "the data channel's request cannot be signed")
	    : 0;
}

void stream_url_headers(const struct buf *lines, const char *ret[STREAM_URL_HEADERS + 1])
{
	size_t n = 0;

	for (size_t at = 0; at < lines->len && n < STREAM_URL_HEADERS;
	     at += strlen(lines->data + at) + 1)
		ret[n++] = lines->data + at;
	ret[n] = NULL;
}
