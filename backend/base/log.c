/*
 * Where does a line go? To stderr, syslog or a file, as was set up before threads began; the
 * threshold alone changes later.
 */
#include "backend/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* Written once, before threads; but for `threshold`, which SIGUSR1 switches. */
static enum log_level chosen = LOG_WARN_;
static atomic_int threshold = LOG_WARN_;
static bool use_syslog, use_journal;
static int log_fd = -1;

/* systemd names the stream that it reads; stderr may have been redirected since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_setup(enum log_level level, bool to_syslog)
{
	chosen = level;
	threshold = (int)level;
	use_syslog = to_syslog;
	use_journal = !to_syslog && stderr_is_journal();
	if (to_syslog)
		openlog("ecsfs", LOG_PID, LOG_DAEMON);
}

int log_to_file(const char *path)
{
	log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return log_fd < 0 ? -errno : 0;
}

void log_toggle_debug(void)
{
	threshold = threshold == LOG_DEBUG_ && chosen != LOG_DEBUG_ ? (int)chosen : LOG_DEBUG_;
}

bool log_wants(enum log_level level)
{
	return (int)level <= threshold;
}

static void write_to_file(const char *line)
{
	char text[2200], when[32];
	time_t now = time(NULL);
	struct tm tm;
	int n;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	n = snprintf(text, sizeof(text), "%s ecsfs[%d]: %s\n", when, (int)getpid(), line);
	/* One write a line: lines of several threads do not mix. A failure cannot be reported. */
	if (write(log_fd, text, (size_t)n) < 0)
		return;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const int priority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	char line[2048];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_fd >= 0)
		write_to_file(line);
	else if (use_syslog)
		syslog(priority[level], "%s", line);
	else if (use_journal)
		fprintf(stderr, "<%d>%s\n", priority[level], line);
	else
		fprintf(stderr, "ecsfs: %s\n", line);
}
