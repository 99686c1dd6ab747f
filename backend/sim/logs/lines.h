/*
 * Which lines do the containers of a task write to their logs?
 */
#ifndef ECSFS_SIM_LOGS_LINES_H
#define ECSFS_SIM_LOGS_LINES_H

#include "backend/sim/state.h"

/* Lines of the containers' logs (lines.c). */
void task_log_start(struct sim_region *r, struct task *t, int64_t now_ms);
void task_log_stop(struct sim_region *r, struct task *t, int64_t now_ms);
void task_log_chatter(struct sim_region *r, struct task *t, int64_t now_ms);
void log_line_release(struct log_line *l);
/* Frees the gathered lines. */
void region_drop_lines(struct sim_region *r);

#endif
