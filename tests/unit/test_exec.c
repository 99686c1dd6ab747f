/*
 * Does ECS Exec carry exact bytes, the end of the input, exit statuses, terminals and keys, against
 * the simulated region's agent and over connections that lose, repeat, reorder and break?
 */
#include "backend/config/settings.h"
#include "backend/exec/session.h"
#include "backend/exec/session_calls.h"
#include "backend/exec/session_threads.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/exec/exec.h"
#include "backend/sim/exec/sessions.h"
#include "backend/sim/server.h"
#include "backend/sim/sim.h"
#include "backend/sim/state.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sim *sim;
static struct aws_client *client;
static char task_id[64], cluster_name[64], container_name[64];

/* A session, and the condition that wakes its waiter. */
struct run {
	struct exec_session *session;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	uint64_t changes; /* lock */
	bool done;	  /* lock */
	struct buf out;
	struct ecsfs_error err;
	int status;
};

static void on_changed(void *arg)
{
	struct run *r = arg;

	pthread_mutex_lock(&r->lock);
	r->changes++;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

static void on_done(void *arg)
{
	struct run *r = arg;

	pthread_mutex_lock(&r->lock);
	r->done = true;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

static uint64_t changes_of(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	uint64_t n = r->changes;
	pthread_mutex_unlock(&r->lock);
	return n;
}

static void wait_change(struct run *r, uint64_t seen)
{
	pthread_mutex_lock(&r->lock);
	while (r->changes == seen)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/* A running task whose containers have an agent. */
static void find_task(void)
{
	struct sim_region *r = sim_region_get(sim, "us-east-1");

	sim_region_lock(r);
	for (size_t i = 0; i < r->clusters.count; i++) {
		struct cluster *k = r->clusters.items[i];

		for (size_t j = 0; j < k->tasks.count; j++) {
			struct task *t = k->tasks.items[j];

			if (t->status != TASK_RUNNING || t->stop)
				continue;
			t->execute_command = true;
			snprintf(task_id, sizeof(task_id), "%s", t->id);
			snprintf(cluster_name, sizeof(cluster_name), "%s", k->name);
			snprintf(container_name, sizeof(container_name), "%s",
			    json_string_value(json_object_get(
				json_array_get(
				    json_object_get(t->taskdef->doc, "containerDefinitions"), 0),
				"name")));
		}
	}
	sim_region_unlock(r);
}

static int setup(void **state)
{
	struct sim_options o = {.seed = 3, .exec = true};
	struct aws_options options = {0};
	struct aws_settings *settings;
	char url[64];

	(void)state;
	assert_int_equal(sim_start(&o, &sim, NULL), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", sim_port(sim));
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
	options.endpoint_url = url;
	options.region = "us-east-1";
	assert_int_equal(aws_settings_new(&options, &settings, NULL), 0);
	client = aws_client_new(settings);
	assert_non_null(client);
	find_task();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	session_threads_wait();
	sim_stop(sim);
	aws_client_free(client);
	return 0;
}

/* A look at the task, 300 ms after the agent fell silent: the task has `gone`, or not. */
static atomic_int looks;
static bool gone;

static int look(void *arg, struct ecsfs_error *err)
{
	(void)arg;
	atomic_fetch_add(&looks, 1);
	return gone ? ecsfs_error_set(err, ESHUTDOWN, NULL, "the task has stopped") : 0;
}

static void start(struct run *r, enum script_mode mode, const char *command)
{
	struct script *script = script_new(mode, command);
	json_auto_t *request = json_pack("{s:s, s:s, s:s, s:s, s:b}", "cluster", cluster_name,
	    "task", task_id, "container", container_name, "command", script_command_peek(script),
	    "interactive", 1);
	json_auto_t *answer = NULL;
	struct exec_session_options o = {.client = client,
	    .region = "us-east-1",
	    .target = "ecs:prod_task_runtime",
	    .script = script,
	    .start_timeout_ms = 20000,
	    .look = look,
	    .silence_ms = 300,
	    .changed = on_changed,
	    .done = on_done,
	    .arg = r};

	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->cond, NULL);
	buf_init(&r->out, (size_t)64 * 1024 * 1024);
	if (aws_call(client, NULL, "ecs", "ExecuteCommand", request, &answer, &r->err))
		fail_msg("ExecuteCommand: %s", r->err.message);
	o.session = json_object_get(answer, "session");
	if (exec_session_new(&o, &r->session, &r->err))
		fail_msg("session: %s", r->err.message);
}

static void finish(struct run *r)
{
	exec_session_close(r->session);
	pthread_mutex_lock(&r->lock);
	while (!r->done)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
	buf_release(&r->out);
}

/* Writes `input` and reads to the end. */
static ssize_t converse(struct run *r, const char *input, size_t len)
{
	static char bytes[65536];
	size_t sent = 0;
	bool ended = false;
	ssize_t n;

	for (;;) {
		uint64_t seen = changes_of(r);
		bool moved = false;

		while (sent < len &&
		    (n = exec_session_write(r->session, input + sent, len - sent, NULL)) > 0) {
			sent += (size_t)n;
			moved = true;
		}
		if (sent == len && !ended) {
			exec_session_end_input(r->session);
			ended = true;
		}
		n = exec_session_read(r->session, bytes, sizeof(bytes), &r->err);
		if (n > 0)
			buf_add(&r->out, bytes, (size_t)n);
		else if (n != -EINPROGRESS)
			break;
		if (n <= 0 && !moved)
			wait_change(r, seen);
	}
	exec_session_status(r->session, &r->status, NULL);
	return n;
}

static void check_text(const char *command, const char *input, const char *output, int status)
{
	struct run r;

	start(&r, SCRIPT_CLEAN, command);
	assert_int_equal(converse(&r, input, strlen(input)), status ? -EIO : 0);
	assert_string_equal(buf_str(&r.out), output);
	assert_int_equal(r.status, status);
	finish(&r);
}

static void test_output_is_clean(void **state)
{
	(void)state;
	check_text("printf 'a\\nb\\n'; echo c >&2", "", "a\nb\nc\n", 0);
}

static void test_status_is_the_commands(void **state)
{
	(void)state;
	check_text("echo no; exit 3", "", "no\n", 3);
	check_text("kill -TERM $$", "", "", 128 + 15);
	check_text("true", "", "", 0);
	check_text("no-such-program-here 2>/dev/null", "", "", 127);
}

static void test_input_ends(void **state)
{
	(void)state;
	check_text("cat; echo end", "one\ntwo", "one\ntwoend\n", 0);
	check_text("wc -c", "", "0\n", 0);
}

static void test_input_that_nobody_reads(void **state)
{
	static char zeros[300000];

	(void)state;
	memset(zeros, 'x', sizeof(zeros) - 1);
	check_text("echo done", zeros, "done\n", 0);
}

static void fill_random(char *bytes, size_t len)
{
	uint32_t x = 7;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (char)(x >> 24);
	}
}

/* Every byte value, in both directions. */
static void check_bytes(size_t len)
{
	char *bytes = malloc(len);
	struct run r;

	fill_random(bytes, len);
	start(&r, SCRIPT_CLEAN, "cat");
	if (converse(&r, bytes, len) != 0)
		fail_msg("%s", r.err.message);
	assert_int_equal(r.out.len, len);
	assert_memory_equal(r.out.data, bytes, len);
	finish(&r);
	free(bytes);
}

static void test_bytes_are_exact(void **state)
{
	(void)state;
	check_bytes(200000);
}

static void set_faults(const char *name, int value)
{
	assert_int_equal(exec_set(sim->exec, name, value), 0);
}

static int no_faults(void **state)
{
	static const char *const names[] = {"handshake", "kms", "loss", "repeat", "reorder",
	    "delay", "cut", "silent", "garbage", "expire"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		set_faults(names[i], 0);
	return 0;
}

static void test_a_bad_line_loses_nothing(void **state)
{
	(void)state;
	set_faults("loss", 15);
	set_faults("repeat", 20);
	set_faults("reorder", 20);
	set_faults("garbage", 5);
	check_bytes(30000);
}

static void test_a_lost_connection_is_resumed(void **state)
{
	(void)state;
	set_faults("cut", 40);
	check_bytes(100000);
}

static void test_a_session_that_timed_out(void **state)
{
	struct run r;

	(void)state;
	set_faults("cut", 3);
	set_faults("expire", 1);
	start(&r, SCRIPT_CLEAN, "cat");
	exec_session_write(r.session, "x", 1, NULL);
	for (int i = 0; i < 20; i++)
		exec_session_write(r.session, "line of input\n", 14, NULL);
	assert_int_equal(converse(&r, "", 0), -ESHUTDOWN);
	assert_non_null(strstr(r.err.message, "the session has ended"));
	/* It was not idle. */
	assert_null(strstr(r.err.message, "20 minutes"));
	finish(&r);
}

static void test_the_idle_limit_is_said_when_it_is_the_cause(void **state)
{
	(void)state;
	assert_non_null(strstr(session_gone((int64_t)20 * 60 * 1000), "20 minutes"));
	assert_null(strstr(session_gone((int64_t)20 * 60 * 1000 - 1), "20 minutes"));
}

/* The end of the input of a terminal is Ctrl-D, twice behind an unfinished line. */
static void test_a_terminals_input_ends(void **state)
{
	struct run r;

	(void)state;
	start(&r, SCRIPT_TERMINAL, "stty -echo; cat; exit 3");
	assert_int_equal(converse(&r, "unfinished", 10), -EIO);
	assert_non_null(strstr(buf_str(&r.out), "unfinished"));
	assert_int_equal(r.status, 3);
	finish(&r);
}

static void test_handshake_and_key(void **state)
{
	(void)state;
	set_faults("handshake", 1);
	check_text("cat", "with a handshake\n", "with a handshake\n", 0);
	set_faults("kms", 1);
	check_bytes(50000);
}

static void test_an_agent_that_never_answers(void **state)
{
	struct script *script = script_new(SCRIPT_CLEAN, "true");
	json_auto_t *request = json_pack("{s:s, s:s, s:s, s:s, s:b}", "cluster", cluster_name,
	    "task", task_id, "container", container_name, "command", script_command_peek(script),
	    "interactive", 1);
	json_auto_t *answer = NULL;
	struct run r;
	struct exec_session_options o = {.client = client,
	    .region = "us-east-1",
	    .target = "ecs:a_b_c",
	    .script = script,
	    .start_timeout_ms = 300,
	    .changed = on_changed,
	    .done = on_done,
	    .arg = &r};

	(void)state;
	set_faults("silent", 1);
	memset(&r, 0, sizeof(r));
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.cond, NULL);
	buf_init(&r.out, 1024);
	assert_int_equal(
	    aws_call(client, NULL, "ecs", "ExecuteCommand", request, &answer, NULL), 0);
	o.session = json_object_get(answer, "session");
	assert_int_equal(exec_session_new(&o, &r.session, NULL), 0);
	assert_int_equal(converse(&r, "", 0), -ETIMEDOUT);
	assert_non_null(strstr(r.err.message, "agent does not answer"));
	finish(&r);
}

static void test_a_silent_agent_whose_task_runs_is_waited_for(void **state)
{
	(void)state;
	gone = false;
	atomic_store(&looks, 0);
	check_text("sleep 1; echo done", "", "done\n", 0);
	assert_int_equal(atomic_load(&looks), 1);
}

static void test_a_silent_agent_whose_task_has_stopped_is_not(void **state)
{
	struct run r;

	(void)state;
	gone = true;
	start(&r, SCRIPT_CLEAN, "sleep 1000");
	assert_int_equal(converse(&r, "", 0), -ESHUTDOWN);
	assert_string_equal(r.err.message, "the task has stopped");
	finish(&r);
	gone = false;
}

static void test_a_terminal_has_a_size_and_a_status(void **state)
{
	struct run r;

	(void)state;
	start(&r, SCRIPT_TERMINAL,
	    "until [ \"$(stty size)\" = '17 61' ]; do sleep 0.05; done; stty size; exit 5");
	exec_session_resize(r.session, 61, 17);
	assert_int_equal(converse(&r, "", 0), -EIO);
	assert_string_equal(buf_str(&r.out), "17 61\r\n");
	assert_int_equal(r.status, 5);
	finish(&r);
}

static void test_closing_ends_the_command(void **state)
{
	struct run r;
	char bytes[64];
	uint64_t seen;

	(void)state;
	start(&r, SCRIPT_CLEAN, "echo started; sleep 1000");
	for (seen = 0; exec_session_read(r.session, bytes, sizeof(bytes), NULL) <= 0;
	     seen = changes_of(&r))
		wait_change(&r, seen);
	finish(&r);
	session_threads_wait();
}

static void test_fifty_at_once(void **state)
{
	static struct run runs[50];

	(void)state;
	for (int i = 0; i < 50; i++)
		start(&runs[i], SCRIPT_CLEAN, "cat");
	for (int i = 0; i < 50; i++) {
		char text[32];

		snprintf(text, sizeof(text), "session %d", i);
		assert_int_equal(converse(&runs[i], text, strlen(text)), 0);
		assert_string_equal(buf_str(&runs[i].out), text);
	}
	for (int i = 0; i < 50; i++)
		finish(&runs[i]);
}

static void test_a_container_without_base64(void **state)
{
	struct script *s = script_new(SCRIPT_CLEAN, "true");
	struct buf out = BUF_INIT(1024);
	struct ecsfs_error err = {0};
	char text[256];
	const char *command = script_command_peek(s), *marker = strstr(command, "/dev/null' ") + 11;
	const char *rest = command + strlen(command) - 18;

	(void)state;
	snprintf(text, sizeof(text), "%.18s%s:lacks base64:%.18s%s", marker, rest, marker, rest);
	assert_int_equal(script_output(s, text, strlen(text), &out, &err), -ENOENT);
	assert_non_null(strstr(err.message, "no base64"));
	script_free(s);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_output_is_clean),
	    cmocka_unit_test(test_status_is_the_commands),
	    cmocka_unit_test(test_input_ends),
	    cmocka_unit_test(test_input_that_nobody_reads),
	    cmocka_unit_test(test_bytes_are_exact),
	    cmocka_unit_test_teardown(test_a_bad_line_loses_nothing, no_faults),
	    cmocka_unit_test_teardown(test_a_lost_connection_is_resumed, no_faults),
	    cmocka_unit_test_teardown(test_a_session_that_timed_out, no_faults),
	    cmocka_unit_test(test_the_idle_limit_is_said_when_it_is_the_cause),
	    cmocka_unit_test(test_a_terminals_input_ends),
	    cmocka_unit_test_teardown(test_handshake_and_key, no_faults),
	    cmocka_unit_test_teardown(test_an_agent_that_never_answers, no_faults),
	    cmocka_unit_test(test_a_silent_agent_whose_task_runs_is_waited_for),
	    cmocka_unit_test(test_a_silent_agent_whose_task_has_stopped_is_not),
	    cmocka_unit_test(test_a_terminal_has_a_size_and_a_status),
	    cmocka_unit_test(test_closing_ends_the_command),
	    cmocka_unit_test(test_fifty_at_once),
	    cmocka_unit_test(test_a_container_without_base64),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
