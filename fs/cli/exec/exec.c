/*
 * How does `ecsfs exec` carry a terminal? Options are parsed, the local terminal is set raw, a
 * thread follows its size, and talk.h carries bytes until the command's exit status is known.
 */
#include "fs/cli/exec/exec.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/words.h"
#include "fs/cli/command.h"
#include "fs/cli/exec/keyboard.h"
#include "fs/cli/exec/talk.h"
#include "fs/cli/exec/terminal.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* Runs where no command is named: the better of the shells that the container has. */
#define DEFAULT_SHELL "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"

struct wish {
	const char *dir;
	bool terminal;
	struct buf command;
};

/* `exec`, so that the keyboard's signals reach no shell between. */
static void join(char **words, int count, struct buf *out)
{
	buf_adds(out, "exec ");
	for (int i = 0; i < count; i++) {
		if (i)
			buf_addc(out, ' ');
		words_quote(out, words[i]);
	}
}

/* 0, or the exit status: 2 after a message. */
static int parse(int argc, char **argv, struct wish *w)
{
	bool with = false, without = false;
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "-t"))
			with = true;
		else if (!strcmp(argv[i], "-T"))
			without = true;
		else if (argv[i][0] == '-')
			return command_unknown("exec", argv[i]);
		else if (w->dir)
			return command_refuse(
			    "exec", "unexpected argument '%s': put -- before the command", argv[i]);
		else
			w->dir = argv[i];
	}
	if (with && without)
		return command_excludes("exec", "-t", "-T");
	w->terminal = with || (!without && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
	if (!w->dir)
		return command_refuse("exec",
		    "the directory of a container is missing: ecsfs exec "
		    "CONTAINER_DIR [-t | -T] [-- COMMAND...]");
	if (i + 1 < argc)
		join(argv + i + 1, argc - i - 1, &w->command);
	else
		buf_adds(&w->command, w->terminal ? DEFAULT_SHELL : "exec sh");
	return 0;
}

/* Sends every change of the terminal's size to the container; ends with the process. */
static void *follow_size(void *arg)
{
	struct talk *t = arg;
	sigset_t changes;
	unsigned cols, rows;
	int sig;

	sigemptyset(&changes);
	sigaddset(&changes, SIGWINCH);
	while (sigwait(&changes, &sig) == 0) {
		terminal_size(STDIN_FILENO, &cols, &rows);
		talk_resize(t, cols, rows);
	}
	return NULL;
}

static int start_terminal(struct talk *t)
{
	unsigned cols, rows;
	int e;

	terminal_size(STDIN_FILENO, &cols, &rows);
	e = talk_resize(t, cols, rows);
	if (e)
		fprintf(stderr, "ecsfs exec: no terminal: %s\n", strerror(-e));
	return e ? TALK_FAILED : 0;
}

/* A talk_take. */
static int print(void *arg, const char *bytes, size_t len)
{
	int e = talk_put(STDOUT_FILENO, bytes, len);

	(void)arg;
	if (e) {
		terminal_restore();
		fprintf(stderr, "ecsfs exec: writing the output: %s\n", strerror(-e));
	}
	return e ? -1 : 0;
}

static int start(struct talk *t, const struct wish *w)
{
	int status = talk_open(t, "exec", w->dir);

	if (!status && w->terminal)
		status = start_terminal(t);
	if (!status)
		status = talk_start(t, buf_str(&w->command));
	t->take = print;
	return status;
}

/* The child's part of keyboard_run(). */
static int run_in_terminal(void *arg, int keys, int ready)
{
	/* Lives as long as the process: the thread uses it. */
	static struct talk t;
	sigset_t changes;
	pthread_t thread;
	int status;

	/* Before any thread is made, so that SIGWINCH waits for the one that takes it. */
	sigemptyset(&changes);
	sigaddset(&changes, SIGWINCH);
	pthread_sigmask(SIG_BLOCK, &changes, NULL);
	status = start(&t, arg);
	if (!status) {
		keyboard_ready(ready);
		pthread_create(&thread, NULL, follow_size, &t);
		status = talk_run(&t, keys);
	}
	/* The thread ends with the process. */
	terminal_restore();
	return status;
}

static int run(const struct wish *w)
{
	struct talk t;
	int status = start(&t, w);

	if (!status)
		status = talk_run(&t, STDIN_FILENO);
	talk_close(&t);
	return status;
}

static int run_in_processes(struct wish *w)
{
	int e = keyboard_run("exec", run_in_terminal, w);

	fprintf(stderr, "ecsfs exec: no terminal: %s\n", strerror(-e));
	return TALK_FAILED;
}

int exec_main(int argc, char **argv)
{
	struct wish w = {.command = BUF_INIT(LIMIT_DOCUMENT)};
	int status = parse(argc, argv, &w);

	if (!status)
		status = w.terminal && isatty(STDIN_FILENO) ? run_in_processes(&w) : run(&w);
	buf_release(&w.command);
	return status;
}
