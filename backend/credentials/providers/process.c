/*
 * How does credential_process provide keys? A program prints them. It runs without a shell,
 * inherits the terminal (it may ask for something), and is killed when it prints too much or takes
 * too long.
 */
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/base/words.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

#define TIME_LIMIT_MS (60 * 1000)
#define LOOK_EVERY_MS 50 /* for a cancel, and for the end of the process */
#define COMPLAINT_MAX (4 * KIB)

struct process {
	struct credentials_provider provider;
	struct provider_env *env;
	struct words words;
	char *name;
	char *account; /* the profile's aws_account_id; NULL: none */
};

/* One run, and its output. */
struct run {
	struct process *process;
	pid_t pid;
	bool own_group;
	int out, complaints; /* ends of pipes; -1: at their end */
	struct buf answer;
	struct buf complaint; /* the start of stderr */
	int64_t deadline_ms;  /* of the machine's own clock: real time passes in a process */
};

static int start(struct run *run, struct ecsfs_error *err)
{
	struct words *w = &run->process->words;
	int out[2], complaints[2], r;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;

	if (pipe2(out, O_CLOEXEC) < 0)
		return ecsfs_error_set(err, errno, NULL,
		    "credential_process: cannot create a pipe: %s", strerror(errno));
	if (pipe2(complaints, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return ecsfs_error_set(err, errno, NULL,
		    "credential_process: cannot create a pipe: %s", strerror(errno));
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, complaints[1], STDERR_FILENO);
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
	/* libcurl's sockets would go with it. */
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
#endif
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	/* A group of its own can be ended whole, but may not read from the terminal. */
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | (run->own_group ? POSIX_SPAWN_SETPGROUP : 0));
	r = posix_spawnp(&run->pid, w->word[0], &actions, &attributes, w->word, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	close(complaints[1]);
	run->out = out[0];
	run->complaints = complaints[0];
	if (!r)
		return 0;
	return ecsfs_error_set(
	    err, EACCES, NULL, "credential_process: %s cannot be run: %s", w->word[0], strerror(r));
}

/* Reads available output up to the buffer's ceiling. False: the output is too long. */
static bool take(int *fd, struct buf *keep, bool cut)
{
	char block[4096];
	ssize_t n = read(*fd, block, sizeof(block));
	bool fits = true;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return true;
	}
	if ((size_t)n > keep->max - keep->len) {
		fits = cut;
		n = (ssize_t)(keep->max - keep->len);
	}
	buf_add(keep, block, (size_t)n);
	explicit_bzero(block, sizeof(block));
	return fits;
}

static int check_limits(const struct run *run, struct ecsfs_error *err)
{
	if (run->process->env->cancelled)
		return ecsfs_error_set(err, EINTR, NULL, "cancelled");
	if (clock_mono(&clock_system) < run->deadline_ms)
		return 0;
	return ecsfs_error_set(err, ETIMEDOUT, NULL,
	    "credential_process: %s did not end within %d s", run->process->words.word[0],
	    TIME_LIMIT_MS / 1000);
}

static int gather(struct run *run, struct ecsfs_error *err)
{
	while (run->out >= 0 || run->complaints >= 0) {
		struct pollfd fds[] = {{run->out, POLLIN, 0}, {run->complaints, POLLIN, 0}};
		int r = check_limits(run, err);

		if (r)
			return r;
		if (poll(fds, ARRAY_SIZE(fds), LOOK_EVERY_MS) <= 0)
			continue;
		if (fds[0].revents && !take(&run->out, &run->answer, false))
			return ecsfs_error_set(err, EFBIG, NULL,
			    "credential_process: %s printed more than %zu KiB",
			    run->process->words.word[0], LIMIT_PROCESS_OUTPUT / KIB);
		if (fds[1].revents)
			take(&run->complaints, &run->complaint, true);
	}
	return 0;
}

/* Waits for its end within the limits. */
static int reap(struct run *run, int *ret_status, struct ecsfs_error *err)
{
	for (;;) {
		pid_t pid = waitpid(run->pid, ret_status, WNOHANG);
		int r = check_limits(run, err);

		if (pid == run->pid) {
			run->pid = -1;
			return 0;
		}
		if (pid < 0 && errno != EINTR)
			return ecsfs_error_set(
			    err, EIO, NULL, "credential_process: %s", strerror(errno));
		if (r)
			return r;
		poll(NULL, 0, 1);
	}
}

static void end(struct run *run)
{
	if (run->pid > 0) {
		kill(run->own_group ? -run->pid : run->pid, SIGKILL);
		while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (run->out >= 0)
		close(run->out);
	if (run->complaints >= 0)
		close(run->complaints);
	secret_buf_release(&run->answer);
	buf_release(&run->complaint);
}

static int understand(const struct run *run, struct credentials **ret, struct ecsfs_error *err)
{
	auto_secret_json json_t *json = provider_json(&run->answer);
	const json_t *version = json_object_get(json, "Version");

	if (!json)
		return ecsfs_error_set(err, EIO, NULL,
		    "credential_process: %s printed no JSON object", run->process->words.word[0]);
	if (json_number_value(version) != 1)
		return ecsfs_error_set(err, EIO, NULL,
		    "credential_process: %s printed a Version that is not 1",
		    run->process->words.word[0]);
	return provider_credentials(
	    json, &names_sts, "credential_process", run->process->account, ret, err);
}

static void make_one_line(struct buf *text)
{
	while (text->len && (unsigned char)text->data[text->len - 1] <= ' ')
		text->data[--text->len] = '\0';
	for (size_t i = 0; i < text->len; i++)
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
			text->data[i] = ' ';
}

/* The program's stderr is shown: as part of the error, or as a log line after success. */
static int conclude(struct run *run, int status, struct credentials **ret, struct ecsfs_error *err)
{
	const char *program = run->process->words.word[0];
	const char *complaint;

	make_one_line(&run->complaint);
	complaint = buf_str(&run->complaint);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		if (*complaint)
			log_warn("credential_process: %s", complaint);
		return understand(run, ret, err);
	}
	return ecsfs_error_set(err, EACCES, NULL, "credential_process: %s ended with %s %d%s%.300s",
	    program, WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), *complaint ? ": " : "",
	    complaint);
}

static int process_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct process *p = (struct process *)self;
	struct run run = {.process = p,
	    .pid = -1,
	    .own_group = !p->env->may_ask,
	    .out = -1,
	    .complaints = -1,
	    .answer = BUF_INIT(LIMIT_PROCESS_OUTPUT),
	    .complaint = BUF_INIT(COMPLAINT_MAX),
	    .deadline_ms = clock_mono(&clock_system) + TIME_LIMIT_MS};
	int status, r = start(&run, err);

	if (!r)
		r = gather(&run, err);
	if (!r)
		r = reap(&run, &status, err);
	if (!r)
		r = conclude(&run, status, ret, err);
	end(&run);
	return r;
}

static void process_destroy(struct credentials_provider *self)
{
	struct process *p = (struct process *)self;

	words_release(&p->words);
	free(p->name);
	free(p->account);
	free(p);
}

static int process_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *line =
	    config_get(seed->config, CONFIG_PROFILE, seed->profile, "credential_process");
	const char *account =
	    config_get(seed->config, CONFIG_PROFILE, seed->profile, "aws_account_id");
	struct process *p;
	int r;

	*ret = NULL;
	if (!line)
		return 0;
	p = calloc(1, sizeof(*p));
	r = p ? words_split(line, &p->words) : -ENOMEM;
	if (!r && !p->words.count)
		r = -EINVAL;
	if (r == -EINVAL)
		ecsfs_error_set(err, EINVAL, NULL,
		    "the credential_process of profile '%s' is empty, or a quote in it is not "
		    "closed",
		    seed->profile);
	if (!r) {
		p->name = provider_name("process", seed->profile);
		p->account = account ? strdup(account) : NULL;
		r = p->name && !account == !p->account ? 0 : -ENOMEM;
	}
	if (r) {
		if (p)
			process_destroy(&p->provider);
		return r;
	}
	p->env = seed->env;
	p->provider.name = p->name;
	p->provider.fetch = process_fetch;
	p->provider.destroy = process_destroy;
	*ret = &p->provider;
	return 0;
}

const struct provider_kind kind_process = {
    .name = "process", .where = ANYWHERE, .make = process_make, .eager = true};
