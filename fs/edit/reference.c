/*
 * Is a text an image reference? It is cut at its '@', at the ':' of its last part, and at its
 * slashes; each piece has a rule. '#' counts as a letter: AWS's documentation allows it.
 */
#include "fs/edit/reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 255, TAG_MAX_LENGTH = 128, DIGEST_DIGITS = 64 };

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789#"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEXADECIMAL "0123456789abcdefABCDEF"

static bool consists_of(const char *text, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(set, text[i]))
			return false;
	return true;
}

static const char *digest_fault(const char *digest)
{
	const size_t algorithm = strlen("sha256:");

	if (!strncmp(digest, "sha256:", algorithm) && strlen(digest) == algorithm + DIGEST_DIGITS &&
	    consists_of(digest + algorithm, DIGEST_DIGITS, HEXADECIMAL))
		return NULL;
	return "a digest is sha256: and 64 hexadecimal digits";
}

static const char *tag_fault(const char *tag, size_t len)
{
	if (!len)
		return "the tag is empty";
	if (len > TAG_MAX_LENGTH)
		return "a tag has at most 128 characters";
	if (*tag == '.' || *tag == '-' || !consists_of(tag, len, LETTERS "_.-"))
		return "a tag is letters, digits, _, . and -, and begins with none of the last two";
	return NULL;
}

/* Separators between the letters of a repository: '.', '_', "__" or any number of '-'. */
static bool is_separator(const char *text, size_t len)
{
	return consists_of(text, len, "-") || (len == 1 && strchr("._", *text)) ||
	    (len == 2 && text[0] == '_' && text[1] == '_');
}

/* One part between slashes of a repository's name. */
static const char *part_fault(const char *part, size_t len)
{
	size_t at = 0;

	if (!len)
		return "a part between slashes is empty";
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)part[i]))
			return "a repository has no upper-case letters";
	while (at < len) {
		size_t letters = strspn(part + at, LOWER), between;

		at += letters;
		if (!letters || at >= len)
			break;
		between = strspn(part + at, "._-");
		if (!between || at + between >= len || !is_separator(part + at, between))
			break;
		at += between;
	}
	return at >= len
	    ? NULL
	    : "each part of a repository is letters and digits with ., _, __ or - between";
}

/* "HOST" or "HOST:PORT". */
static const char *host_fault(const char *host, size_t len)
{
	const char *colon = memchr(host, ':', len);
	size_t name = colon ? (size_t)(colon - host) : len;
	size_t port = colon ? len - name - 1 : 0;

	if (colon && (!port || !consists_of(colon + 1, port, "0123456789")))
		return "the port of the registry is not a number";
	for (size_t at = 0; at <= name;) {
		size_t label = 0;

		while (at + label < name && host[at + label] != '.')
			label++;
		if (!label || host[at] == '-' || host[at + label - 1] == '-' ||
		    !consists_of(host + at, label, LETTERS "-"))
			return "the part before the first slash is not the name of a registry";
		at += label + 1;
	}
	return NULL;
}

/*
 * Whether the part before the first slash is a registry. Newer versions of docker also read a
 * single label with upper-case letters ("Shop/web") as a host: it is a mistyped repository far more
 * often.
 */
static bool is_host(const char *part, size_t len)
{
	if (len == strlen("localhost") && !strncmp(part, "localhost", len))
		return true;
	for (size_t i = 0; i < len; i++)
		if (part[i] == '.' || part[i] == ':')
			return true;
	return false;
}

static const char *name_fault(const char *name, size_t len)
{
	const char *slash = memchr(name, '/', len), *fault;
	size_t at = 0;

	if (!slash && len == DIGEST_DIGITS && consists_of(name, len, HEXADECIMAL))
		return "this is an image's id: a repository is needed";
	if (slash && is_host(name, (size_t)(slash - name))) {
		at = (size_t)(slash - name);
		fault = host_fault(name, at++);
		if (fault)
			return fault;
	}
	while (at <= len) {
		const char *end = memchr(name + at, '/', len - at);
		size_t part = (end ? (size_t)(end - name) : len) - at;

		fault = part_fault(name + at, part);
		if (fault)
			return fault;
		at += part + 1;
	}
	return NULL;
}

const char *reference_fault(const char *image)
{
	size_t len = strcspn(image, "@"), name = len;
	const char *fault = NULL, *tag;

	if (strstr(image, "://"))
		return "it is the address of a page: an image has no https:// before it";
	if (len > NAME_MAX_LENGTH)
		return "it has more than 255 characters before the digest";
	if (image[len])
		fault = digest_fault(image + len + 1);
	while (name && image[name - 1] != '/')
		name--;
	tag = memchr(image + name, ':', len - name);
	name = tag ? (size_t)(tag - image) : len;
	if (!fault)
		fault = name ? name_fault(image, name) : "the repository is missing";
	if (!fault && tag)
		fault = tag_fault(tag + 1, len - name - 1);
	return fault;
}
