/*
 * Where do log lines go? To the person who started the daemon: on stderr in the foreground (with
 * the priorities that the journal of systemd understands where stderr leads there), in syslog once
 * it is in the background, or in a file. Never a secret, never a request's body. Any thread.
 */
#ifndef ECSFS_BASE_LOG_H
#define ECSFS_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR_, LOG_WARN_, LOG_INFO_, LOG_DEBUG_ };

/* Before any thread: what is shown, and whether lines go to syslog. */
void log_setup(enum log_level level, bool to_syslog);
/* Before any thread: lines go to the end of this file instead, with their time. 0 or -errno. */
int log_to_file(const char *path);
/* Switches between the level of the set-up and LOG_DEBUG_. Async-signal-safe. */
void log_toggle_debug(void);
bool log_wants(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR_, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_wants(LOG_DEBUG_))                                                         \
			log_line(LOG_DEBUG_, __VA_ARGS__);                                         \
	} while (0)

#endif
