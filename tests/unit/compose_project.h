/*
 * How does a test write a compose project? Its files are texts, and the result is looked at by
 * member. In expected JSON ' represents ".
 */
#ifndef ECSFS_TEST_COMPOSE_PROJECT_H
#define ECSFS_TEST_COMPOSE_PROJECT_H

#include "fs/compose/compose.h"

#include "backend/base/cleanup.h"
#include "fs/compose/convert.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_FILES 16

struct project {
	const char *names[MAX_FILES], *texts[MAX_FILES];
	size_t count;
	struct compose_input in;
	struct compose_output out;
	struct ecsfs_error err;
	int result;
};

static struct project project;

static inline bool project_read(void *arg, const char *path, struct compose_file *ret)
{
	(void)arg;
	for (size_t i = 0; i < project.count; i++)
		if (strcmp(project.names[i], path) == 0) {
			*ret = (struct compose_file){project.texts[i], strlen(project.texts[i])};
			return true;
		}
	return false;
}

static inline int project_setup(void **state)
{
	(void)state;
	memset(&project, 0, sizeof(project));
	project.in = (struct compose_input){.project = "shop",
	    .directory = "/home/user/shop",
	    .home = "/home/user",
	    .region = "us-east-1",
	    .read = project_read};
	return 0;
}

static inline int project_teardown(void **state)
{
	(void)state;
	compose_release(&project.out);
	json_decref((json_t *)project.in.paths);
	return 0;
}

/* Replaces a file of that name. */
static inline void file(const char *name, const char *text)
{
	size_t i = 0;

	while (i < project.count && strcmp(project.names[i], name) != 0)
		i++;
	project.names[i] = name;
	project.texts[i] = text;
	if (i == project.count)
		project.count++;
}

static inline int run_conversion(void)
{
	compose_release(&project.out);
	project.err = (struct ecsfs_error){0};
	project.result = compose_convert(&project.in, &project.out, &project.err);
	return project.result;
}

static inline void convert(void)
{
	if (run_conversion())
		fail_msg("%s", project.err.message);
}

/* Converts `text` as docker-compose.yml beside the files that are there. */
static inline void compose(const char *text)
{
	file("docker-compose.yml", text);
	convert();
}

static inline void assert_refused(const char *text, const char *words)
{
	file("docker-compose.yml", text);
	if (!run_conversion())
		fail_msg("should have been refused: %s", text);
	if (!strstr(project.err.message, words))
		fail_msg("\"%s\" is not in: %s", words, project.err.message);
}

static inline void assert_warned(const char *words)
{
	if (!strstr(project.out.warnings, words))
		fail_msg("\"%s\" is not in: %s", words, project.out.warnings);
}

static inline void assert_not_warned(const char *words)
{
	if (strstr(project.out.warnings, words))
		fail_msg("\"%s\" is in: %s", words, project.out.warnings);
}

static inline json_t *parsed(const char *text)
{
	auto_free char *copy = strdup(text);
	json_t *json;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	if (!json)
		fail_msg("not JSON: %s", copy);
	return json;
}

static inline void assert_json(const json_t *got, const char *wanted)
{
	json_auto_t *want = wanted ? parsed(wanted) : NULL;
	auto_free char *text = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (want ? !json_equal(got, want) : got != NULL)
		fail_msg(
		    "expected %s, got %s", wanted ? wanted : "nothing", text ? text : "nothing");
}

static inline json_t *container(const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (
	    json_object_get(project.out.task_definition, "containerDefinitions"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
			return one;
	fail_msg("there is no container %s", name);
	return NULL;
}

/* The member of container "a"; NULL: it has none. */
static inline void assert_member(const char *member, const char *wanted)
{
	assert_json(json_object_get(container("a"), member), wanted);
}

static inline void assert_linux(const char *member, const char *wanted)
{
	assert_json(
	    json_object_get(json_object_get(container("a"), "linuxParameters"), member), wanted);
}

static inline void assert_task(const char *member, const char *wanted)
{
	assert_json(json_object_get(project.out.task_definition, member), wanted);
}

/* The value of a variable of container "a"; NULL: it has none. */
static inline void assert_variable(const char *name, const char *wanted)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(container("a"), "environment"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0) {
			assert_non_null(wanted);
			assert_string_equal(
			    json_string_value(json_object_get(one, "value")), wanted);
			return;
		}
	assert_null(wanted);
}

#define V3 "version: '3'\nservices:\n  a:\n    image: i\n"
#define V2 "version: '2'\nservices:\n  a:\n    image: i\n"
#define SPEC "services:\n  a:\n    image: i\n"

#define CASE(name) cmocka_unit_test_setup_teardown(name, project_setup, project_teardown)

#endif
