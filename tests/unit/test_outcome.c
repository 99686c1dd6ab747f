/* How did a task end, by its document and its definition? */
#include "fs/tree/growing/outcome_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char definition_text[] =
    "{\"containerDefinitions\": [{\"name\": \"init\", \"essential\": false},"
    " {\"name\": \"app\"}, {\"name\": \"proxy\", \"essential\": true}]}";

/* Feeds one task; the verdict, and the last line in `ret_last`. */
static enum outcome_verdict see(const char *task_text, const char *definition, char ret_last[512])
{
	json_auto_t *task = json_loads(task_text, 0, NULL);
	json_auto_t *def = definition ? json_loads(definition, 0, NULL) : NULL;
	auto_buf struct buf lines = BUF_INIT(8192);
	struct outcome o = {0};
	enum outcome_verdict v;
	const char *last;

	assert_non_null(task);
	v = outcome_see(&o, task, def, 1700000000, &lines);
	assert_true(lines.len > 0);
	lines.data[lines.len - 1] = '\0';
	last = strrchr(lines.data, '\n');
	snprintf(ret_last, 512, "%s", last ? last + 1 : lines.data);
	return v;
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *task;
		const char *definition;
		enum outcome_verdict verdict;
		const char *says;
	} cases[] = {
	    {"{\"lastStatus\": \"RUNNING\", \"containers\": [{\"name\": \"app\", \"lastStatus\": "
	     "\"RUNNING\"}]}",
		definition_text, OUTCOME_GOING, "app RUNNING"},
	    /* A container that is not essential may fail. */
	    {"{\"lastStatus\": \"STOPPED\", \"containers\": [{\"name\": \"init\", \"exitCode\": 1},"
	     "{\"name\": \"app\", \"exitCode\": 0}, {\"name\": \"proxy\", \"exitCode\": 0}]}",
		definition_text, OUTCOME_GOOD, "done"},
	    {"{\"lastStatus\": \"STOPPED\", \"stoppedReason\": \"Essential container in task "
	     "exited\","
	     " \"containers\": [{\"name\": \"app\", \"exitCode\": 0}, {\"name\": \"proxy\","
	     " \"exitCode\": 137, \"reason\": \"OutOfMemoryError: container killed\"}]}",
		definition_text, OUTCOME_FAILED,
		"container proxy: exit code 137: OutOfMemoryError: container killed; Essential "
		"container in task exited"},
	    /* One that never started has no code: that is no success. */
	    {"{\"lastStatus\": \"STOPPED\", \"stoppedReason\": \"CannotPullContainerError: no such "
	     "image\", \"containers\": [{\"name\": \"app\"}]}",
		definition_text, OUTCOME_FAILED, "no exit code; CannotPullContainerError"},
	    /* ECS says the same of the task and of the container. */
	    {"{\"lastStatus\": \"STOPPED\", \"stoppedReason\": \"CannotPull: no such image\","
	     " \"containers\": [{\"name\": \"app\", \"reason\": \"CannotPull: no such image\"}]}",
		definition_text, OUTCOME_FAILED, "no exit code; CannotPull: no such image"},
	    {"{\"lastStatus\": \"STOPPED\", \"stoppedReason\": \"Task failed to start: no such "
	     "image\", \"containers\": [{\"name\": \"app\", \"reason\": \"no such image\"}]}",
		definition_text, OUTCOME_FAILED,
		"no exit code; Task failed to start: no such image"},
	    {"{\"lastStatus\": \"STOPPED\", \"stoppedReason\": \"CannotPull: no such\","
	     " \"containers\": [{\"name\": \"app\", \"reason\": \"CannotPull: no such image\"}]}",
		definition_text, OUTCOME_FAILED, "no exit code: CannotPull: no such image"},
	    /* What is not known to be essential counts as such. */
	    {"{\"lastStatus\": \"STOPPED\", \"containers\": [{\"name\": \"init\", \"exitCode\": "
	     "1}]}",
		NULL, OUTCOME_FAILED, "container init: exit code 1"},
	    {"{\"lastStatus\": \"STOPPED\", \"containers\": []}", definition_text, OUTCOME_FAILED,
		"failed"},
	};
	char last[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(see(cases[i].task, cases[i].definition, last), cases[i].verdict);
		const char *says = strstr(last, cases[i].says);
		if (!says)
			fail_msg("'%s' is not in '%s'", cases[i].says, last);
		const char *twice = strstr(last, "such");
		if (twice && strstr(twice + 1, "such"))
			fail_msg("a reason stands twice: %s", last);
	}
}

static void test_only_changes_are_lines(void **state)
{
	json_auto_t *task = json_loads("{\"lastStatus\": \"PENDING\", \"containers\": [{\"name\": "
				       "\"app\", \"lastStatus\": \"PENDING\"}]}",
	    0, NULL);
	auto_buf struct buf lines = BUF_INIT(8192);
	struct outcome o = {0};

	(void)state;
	outcome_see(&o, task, NULL, 1, &lines);
	size_t once = lines.len;
	outcome_see(&o, task, NULL, 2, &lines);
	assert_int_equal(lines.len, once);
	json_object_set_new(task, "lastStatus", json_string("RUNNING"));
	outcome_see(&o, task, NULL, 3, &lines);
	assert_true(lines.len > once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_only_changes_are_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
