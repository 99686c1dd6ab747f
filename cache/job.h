/*
 * What is a unit of work for a pool of threads? The caller owns the job; it may be freed by its own
 * run().
 */
#ifndef ECSFS_JOB_H
#define ECSFS_JOB_H

struct job {
	void (*run)(struct job *j);
	struct job *next;
};

#endif
