#include "backend/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

/* Written once, before threads. */
static enum log_level threshold = LOG_WARN_;
static bool use_syslog;

void log_setup(enum log_level level, bool to_syslog)
{
	threshold = level;
	use_syslog = to_syslog;
	if (to_syslog)
		openlog("ecsfs", LOG_PID, LOG_DAEMON);
}

bool log_wants(enum log_level level)
{
	return level <= threshold;
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
	if (use_syslog)
		syslog(priority[level], "%s", line);
	else
		fprintf(stderr, "ecsfs: %s\n", line);
}
