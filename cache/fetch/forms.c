/*
 * Which characters and lengths does each form of a name allow? One predicate a form, from the API
 * references of ECS, ECR and CloudWatch Logs.
 */
#include "cache/fetch/forms.h"

#include <ctype.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define LONGEST_NAME 255
#define LONGEST_ARN 2048
#define LONGEST_TEXT 512 /* a log group's or a stream's name */

static bool plain_valid(const char *name)
{
	size_t len = strspn(name, LETTERS DIGITS "-_");

	return len > 0 && len <= LONGEST_NAME && name[len] == '\0';
}

static bool uuid_valid(const char *id)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? id[i] != '-' : !isxdigit((unsigned char)id[i]))
			return false;
	}
	return true;
}

static bool id_valid(const char *id)
{
	size_t len = strlen(id);

	if (len == 32)
		return strspn(id, DIGITS "abcdefABCDEF") == len;
	return len == 36 && uuid_valid(id);
}

static bool revision_valid(const char *revision)
{
	size_t len = strspn(revision, DIGITS);

	return len >= 1 && len <= 10 && revision[len] == '\0' && revision[0] != '0';
}

static bool arn_valid(const char *arn)
{
	size_t len = strlen(arn);

	if (strncmp(arn, "arn:", 4) != 0 || len > LONGEST_ARN)
		return false;
	return strspn(arn, LETTERS DIGITS "-_:/") == len;
}

/* Words of lower-case letters and digits, joined by single separators; parts joined by '/'. */
static bool repository_valid(const char *name)
{
	size_t len = strlen(name);

	if (len < 2 || len > 256 || strspn(name, "abcdefghijklmnopqrstuvwxyz" DIGITS "._-/") != len)
		return false;
	return isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[len - 1]) &&
	    !strstr(name, "//") && !strstr(name, "..");
}

static bool digest_valid(const char *digest)
{
	return strncmp(digest, "sha256:", 7) == 0 && strlen(digest) == 7 + 64 &&
	    strspn(digest + 7, DIGITS "abcdef") == 64;
}

/* Docker's tags, or a digest. */
static bool image_valid(const char *id)
{
	size_t len = strspn(id, LETTERS DIGITS "_.-");

	if (digest_valid(id))
		return true;
	return len >= 1 && len <= 128 && !id[len] && id[0] != '.' && id[0] != '-';
}

static bool registry_valid(const char *registry)
{
	size_t region = strspn(registry, DIGITS);

	return region == 12 && registry[region] == '/' && plain_valid(registry + region + 1);
}

static bool text_valid(const char *text)
{
	size_t len = 0;

	while (text[len] && !iscntrl((unsigned char)text[len]))
		len++;
	return len > 0 && len <= LONGEST_TEXT && !text[len];
}

bool name_form_valid(enum name_form form, const char *name)
{
	switch (form) {
	case FORM_NAME:
		return plain_valid(name);
	case FORM_ID:
		return id_valid(name);
	case FORM_REVISION:
		return revision_valid(name);
	case FORM_ARN:
		return arn_valid(name);
	case FORM_REGISTRY:
		return registry_valid(name);
	case FORM_REPOSITORY:
		return repository_valid(name);
	case FORM_IMAGE:
		return image_valid(name);
	case FORM_TEXT:
		return text_valid(name);
	case FORM_NONE:
		return false;
	}
	return false;
}
