/*
 * Where does a URL's host stand? Between the scheme, a possible user and the path. Only plain http
 * to 127.0.0.0/8, ::1 or localhost is this machine.
 */
#include "backend/http/http_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void http_url_host(const char *url, char *ret, size_t size)
{
	const char *p = strstr(url, "://");
	const char *at;
	size_t n;

	p = p ? p + 3 : url;
	n = strcspn(p, "/?#");
	at = memrchr(p, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	snprintf(ret, size, "%.*s", (int)n, p);
}

bool http_is_loopback(const char *url)
{
	char host[280];
	size_t n;

	if (strncasecmp(url, "http://", 7) != 0)
		return false;
	http_url_host(url, host, sizeof(host));
	if (!strncmp(host, "[::1]", 5))
		return !host[5] || host[5] == ':';
	n = strcspn(host, ":");
	host[n] = '\0';
	if (!strcasecmp(host, "localhost"))
		return true;
	return !strncmp(host, "127.", 4) && host[strspn(host, "0123456789.")] == '\0';
}
