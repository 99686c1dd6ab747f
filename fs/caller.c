/*
 * What does /proc say about a calling thread? Reads /proc/TID/status, stat, comm, exe and fd at each
 * question and keeps nothing: a thread may have gone, and its number may be another's.
 */
#include "fs/caller.h"

#include "backend/base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool bit(unsigned long long set, int signo)
{
	return set >> (signo - 1) & 1;
}

static bool one_ends(int signo, bool caught, bool mutation)
{
	switch (signo) {
	case SIGINT:
	case SIGTERM:
	case SIGHUP:
	case SIGQUIT:
	case SIGKILL:
		return true;
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
		return false;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return !caught && !mutation;
	default:
		return !caught;
	}
}

static unsigned long long signal_set(const char *status, const char *label)
{
	const char *at = strstr(status, label);

	return at ? strtoull(at + strlen(label), NULL, 16) : 0;
}

/* The signals that the thread is about to take. */
static unsigned long long due_signals(const char *status)
{
	unsigned long long pending =
	    signal_set(status, "\nSigPnd:") | signal_set(status, "\nShdPnd:");

	return pending & ~signal_set(status, "\nSigBlk:") & ~signal_set(status, "\nSigIgn:");
}

bool caller_status_stops(const char *status)
{
	unsigned long long caught = signal_set(status, "\nSigCgt:");

	return bit(due_signals(status) & caught, SIGTSTP);
}

bool caller_status_ends(const char *status, bool mutation)
{
	unsigned long long pending = due_signals(status);
	unsigned long long caught = signal_set(status, "\nSigCgt:");

	for (int signo = 1; signo <= 64; signo++)
		if (bit(pending, signo) && one_ends(signo, bit(caught, signo), mutation))
			return true;
	return false;
}

/* The text of /proc/TID/`file` and its length; 0 when the thread is gone. */
static size_t read_proc(pid_t tid, const char *file, char *out, size_t size)
{
	auto_fclose FILE *f = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, file);
	f = fopen(path, "re");
	size_t len = f ? fread(out, 1, size - 1, f) : 0;
	out[len] = '\0';
	return len;
}

bool caller_ends(pid_t tid, bool mutation)
{
	char status[4096];

	return !read_proc(tid, "status", status, sizeof(status)) ||
	    caller_status_ends(status, mutation);
}

bool caller_stops(pid_t tid)
{
	char status[4096];

	return read_proc(tid, "status", status, sizeof(status)) && caller_status_stops(status);
}

pid_t caller_process(pid_t tid)
{
	char status[4096];
	int tgid = tid;

	read_proc(tid, "status", status, sizeof(status));
	const char *at = strstr(status, "\nTgid:");
	if (at)
		sscanf(at, "\nTgid: %d", &tgid);
	return tgid;
}

void caller_name(pid_t tid, char *out, size_t size)
{
	read_proc(tid, "comm", out, size);
	out[strcspn(out, "\n")] = '\0';
}

/* Shells by their names: /etc/shells is this machine's, a caller may be in a container. */
static const char *const shells[] = {"sh", "bash", "rbash", "dash", "ash", "ksh", "ksh93",
    "ksh2020", "mksh", "lksh", "oksh", "loksh", "pdksh", "posh", "yash", "zsh", "fish", "csh",
    "tcsh", "rc", "es", "elvish", "nu", "osh", "ysh", "busybox", "toybox"};

/* Its last part, without what the kernel appends once a running executable was replaced. */
static bool is_named(const char *executable, const char *name)
{
	const char *slash = strrchr(executable, '/');
	const char *own = slash ? slash + 1 : executable;

	return strncmp(own, name, strlen(name)) == 0 && strchr(" ", own[strlen(name)]);
}

bool caller_name_is_shell(const char *executable)
{
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (is_named(executable, shells[i]))
			return true;
	return false;
}

/*
 * Which file it is, without asking its file system: that may be this one, whose requests the calling
 * thread serves.
 */
static bool identify(const char *path, struct stat *ret)
{
#ifdef __linux__
	struct statx x;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &x) != 0)
		return false;
	ret->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	ret->st_ino = x.stx_ino;
	return true;
#else
	return stat(path, ret) == 0;
#endif
}

/* Whether the executable is one of /etc/shells, under whatever name. */
static bool is_login_shell(const struct stat *exe)
{
	auto_fclose FILE *f = fopen("/etc/shells", "re");
	char line[PATH_MAX];
	struct stat st;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t\r\n#")] = '\0';
		if (line[0] == '/' && identify(line, &st) && st.st_dev == exe->st_dev &&
		    st.st_ino == exe->st_ino)
			return true;
	}
	return false;
}

/* The applet that busybox or toybox runs: started by that name, or named as argument ("busybox dd"). */
static void applet_of(pid_t tid, char *out, size_t size)
{
	char words[256];
	size_t len = read_proc(tid, "cmdline", words, sizeof(words));
	const char *word = words;

	for (int i = 0; i < 2 && word < words + len; i++, word += strlen(word) + 1) {
		const char *slash = strrchr(word, '/');

		word = slash ? slash + 1 : word;
		snprintf(out, size, "%s", word);
		if (strcmp(word, "busybox") != 0 && strcmp(word, "toybox") != 0)
			return;
	}
}

static bool runs_dd(pid_t tid, const char *exe, const char *name)
{
	char applet[256] = "";

	if (!is_named(exe, "busybox") && !is_named(exe, "toybox"))
		return false;
	applet_of(tid, applet, sizeof(applet));
	return strcmp(name, "dd") == 0 || strcmp(applet, "dd") == 0;
}

/* Each was seen to fail where the close of its standard output did. */
static const char *const reporters[] = {"cat", "tac", "head", "tail", "cut", "tr", "sed", "grep",
    "sort", "uniq", "tee", "dd", "paste", "column", "comm", "join", "fold", "nl", "echo", "printf",
    "date", "stat", "find", "base64", "iconv", "envsubst", "gzip", "xxd", "jq", "mawk", "diff"};

bool caller_name_reports_close(const char *executable)
{
	for (size_t i = 0; i < ARRAY_SIZE(reporters); i++)
		if (is_named(executable, reporters[i]))
			return true;
	return false;
}

/* `link`: the thread's in /proc to its executable `exe`. */
static enum caller_kind kind_of(pid_t tid, const char *link, const char *exe, const char *name)
{
	struct stat st;

	if (runs_dd(tid, exe, name))
		return CALLER_PROGRAM;
	if (caller_name_is_shell(exe) || (identify(link, &st) && is_login_shell(&st)))
		return CALLER_SHELL;
	return CALLER_PROGRAM;
}

struct caller_program caller_program(pid_t tid)
{
	struct caller_program ret = {.kind = CALLER_UNKNOWN};
	char link[64], exe[PATH_MAX] = "", name[64] = "";

	caller_name(tid, name, sizeof(name));
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)tid);
	if (readlink(link, exe, sizeof(exe) - 1) > 0) {
		ret.kind = kind_of(tid, link, exe, name);
		ret.reports_close = caller_name_reports_close(exe);
	} else if (caller_name_is_shell(name)) {
		/* The name of a command says that it is a shell, never that it is none: a script has
		 * its own. */
		ret.kind = CALLER_SHELL;
	}
	return ret;
}

enum caller_kind caller_kind(pid_t tid)
{
	return caller_program(tid).kind;
}

/* The kernel appends " (deleted)" where it has dropped the name, as it does after a write. */
static bool ends_in(const char *text, const char *path)
{
	size_t len = strlen(text), tail = strlen(path), mark = strlen(" (deleted)");

	if (len > mark && !strcmp(text + len - mark, " (deleted)"))
		len -= mark;
	return len > tail && text[len - tail - 1] == '/' && !strncmp(text + len - tail, path, tail);
}

/* Asks the file system nothing: a link of /proc is text. */
static bool has_open(pid_t pid, const char *path)
{
	char at[64], target[PATH_MAX];
	bool found = false;

	snprintf(at, sizeof(at), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(at);
	for (struct dirent *d; dir && !found && (d = readdir(dir));) {
		ssize_t len = readlinkat(dirfd(dir), d->d_name, target, sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		found = ends_in(target, path);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool a_child_has_open(pid_t pid, const char *path)
{
	char at[64], children[4096];
	bool found = false;

	snprintf(at, sizeof(at), "/proc/%d/task", (int)pid);
	DIR *dir = opendir(at);
	for (struct dirent *d; dir && !found && (d = readdir(dir));) {
		char file[300];

		snprintf(file, sizeof(file), "task/%s/children", d->d_name);
		read_proc(pid, file, children, sizeof(children));
		for (char *next, *child = children; !found; child = next) {
			pid_t number = (pid_t)strtol(child, &next, 10);

			if (next == child)
				break;
			found = has_open(number, path);
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

bool caller_shares_file(pid_t tid, const char *path)
{
	char status[4096];
	int parent = 0;

	read_proc(tid, "status", status, sizeof(status));
	const char *at = strstr(status, "\nPPid:");
	if (at)
		sscanf(at, "\nPPid: %d", &parent);
	return (parent && has_open(parent, path)) || a_child_has_open(caller_process(tid), path);
}

bool caller_has_open(pid_t tid, const char *path)
{
	return has_open(caller_process(tid), path);
}

/* proc_pid_stat(5): the name in brackets may hold anything, so fields are counted behind it. */
static const char *stat_field(const char *stat, int field)
{
	const char *at = strrchr(stat, ')');

	for (int i = 2; at && i < field; i++)
		at = strchr(at + 1, ' ');
	return at;
}

bool caller_stat_killed(const char *stat)
{
	enum { FLAGS = 9, EXIT_CODE = 52, EXITING = 0x4 /* PF_EXITING */ };
	const char *flags = stat_field(stat, FLAGS), *code = stat_field(stat, EXIT_CODE);

	if (!flags || !code || !(strtoul(flags, NULL, 10) & EXITING))
		return false;
	/* As waitpid(2) will give it: the signal in the low seven bits. */
	return strtol(code, NULL, 10) & 0x7f;
}

bool caller_killed(pid_t tid)
{
	char stat[1024];

	return read_proc(tid, "stat", stat, sizeof(stat)) && caller_stat_killed(stat);
}
