#include "fs/kernel/caller.h"

#include "backend/base/cleanup.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

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

bool caller_status_ends(const char *status, bool mutation)
{
	unsigned long long pending =
	    signal_set(status, "\nSigPnd:") | signal_set(status, "\nShdPnd:");
	unsigned long long caught = signal_set(status, "\nSigCgt:");

	pending &= ~signal_set(status, "\nSigBlk:") & ~signal_set(status, "\nSigIgn:");
	for (int signo = 1; signo <= 64; signo++)
		if (bit(pending, signo) && one_ends(signo, bit(caught, signo), mutation))
			return true;
	return false;
}

/* The text of /proc/TID/`file`; false when the thread is gone. */
static bool read_proc(pid_t tid, const char *file, char *out, size_t size)
{
	auto_fclose FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, file);
	f = fopen(path, "re");
	out[f ? fread(out, 1, size - 1, f) : 0] = '\0';
	return f != NULL;
}

bool caller_ends(pid_t tid, bool mutation)
{
	char status[4096];

	return !read_proc(tid, "status", status, sizeof(status)) ||
	    caller_status_ends(status, mutation);
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
