/* Can any text break the readers of images, URLs, dates and names of HTTP? */
#include "backend/base/cleanup.h"
#include "backend/exec/stream_url.h"
#include "backend/http/http.h"
#include "backend/http/http_url.h"
#include "cache/fetch/forms.h"
#include "fs/edit/image.h"
#include "fs/mount/mounts.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_image(const char *text)
{
	struct image_reference of;
	const char *fault = image_fault_peek(text);

	assert(!fault || (fault >= text && fault < text + strlen(text)));
	if (!image_reference(text, &of))
		return;
	assert(strlen(of.registry) > 13 && of.registry[12] == '/');
	assert(of.repository[0] && !strpbrk(of.repository, ":@"));
	assert(of.id[0] && strlen(of.id) < sizeof(of.id));
}

static void as_url(const char *text)
{
	char host[40];

	http_url_host(text, host, sizeof(host));
	assert(strlen(host) < sizeof(host) && !strchr(host, '@'));
	/* What may go without encryption goes nowhere but to this machine. */
	assert(strncmp(text, "ws://", 5) != 0 || !stream_url_is_safe(text) ||
	    strstr(text, "127.") || strcasestr(text, "localhost") || strstr(text, "::1"));
	http_is_loopback(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);

	as_image(text);
	as_url(text);
	http_date_ms(text);
	return 0;
}
