/* Which texts are references of images? */
#include "fs/edit/reference.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UPPER_HEX "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

static void test_taken(void **state)
{
	static const char *const images[] = {"nginx", "nginx:1.27", "a", "shop/web:1.3",
	    "a/b/c/d:x", "z/a.b-c_d__e--f/g:_X.y-Z", "localhost/a", "localhost:5000/a/b",
	    "localhost:5000", "registry.example.com:443/team/web@sha256:" HEX,
	    "Registry.Example.com/web", "web:1@sha256:" HEX, "web@sha256:" UPPER_HEX, "x:1/y",
	    "a#b:c#d", "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1.3",
	    "public.ecr.aws/docker/library/nginx:latest", HEX "/a", "sha256:" HEX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(images); i++)
		if (reference_fault(images[i]))
			fail_msg("%s: %s", images[i], reference_fault(images[i]));
}

static void test_refused(void **state)
{
	static const char *const images[][2] = {
	    {"web@sha256:1234", "64 hexadecimal"},
	    {"web@sha256:" HEX "0", "64 hexadecimal"},
	    {"web@sha256:g" HEX, "64 hexadecimal"},
	    {"web@sha512:" HEX HEX, "64 hexadecimal"},
	    {"web@", "64 hexadecimal"},
	    {"web@" HEX, "64 hexadecimal"},
	    {"web@sha256:" HEX "@sha256:" HEX, "64 hexadecimal"},
	    {"@sha256:" HEX, "repository is missing"},
	    {"https://registry/web:1", "https://"},
	    {"docker://web", "https://"},
	    {"Nginx", "upper-case"},
	    {"Shop/web:1", "upper-case"},
	    {"shop/Web:1", "upper-case"},
	    {"example.com/Web", "upper-case"},
	    {"x:", "tag is empty"},
	    {"example.com:80/x:", "tag is empty"},
	    {"x:@sha256:" HEX, "tag is empty"},
	    {"x::1", "a tag is"},
	    {"x:-1", "a tag is"},
	    {"x:.1", "a tag is"},
	    {"x:1:2", "a tag is"},
	    {"x/", "is empty"},
	    {"x/:1", "is empty"},
	    {"/x", "is empty"},
	    {"a//b", "is empty"},
	    {"example.com/", "is empty"},
	    {"", "repository is missing"},
	    {":1", "repository is missing"},
	    {"/", "is empty"},
	    {"-a", "each part"},
	    {"a-", "each part"},
	    {"a..b", "each part"},
	    {"a___b", "each part"},
	    {"a._b", "each part"},
	    {"a/.b", "each part"},
	    {"a:b/c", "port"},
	    {"a:/c", "port"},
	    {"-a.b/c", "name of a registry"},
	    {"a..b/c", "name of a registry"},
	    {"a_b.c/d", "name of a registry"},
	    {HEX, "image's id"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		const char *fault = reference_fault(images[i][0]);

		if (!fault || !strstr(fault, images[i][1]))
			fail_msg("%s: %s", images[i][0], fault ? fault : "taken");
	}
}

static void test_lengths(void **state)
{
	char image[400];

	(void)state;
	snprintf(image, sizeof(image), "a:%0128d", 0);
	assert_null(reference_fault(image));
	snprintf(image, sizeof(image), "a:%0129d", 0);
	assert_non_null(strstr(reference_fault(image), "128"));
	snprintf(image, sizeof(image), "%0255d@sha256:" HEX, 0);
	assert_null(reference_fault(image));
	snprintf(image, sizeof(image), "%0256d", 0);
	assert_non_null(strstr(reference_fault(image), "255"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_taken),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
