/*
 * What is one mount? Its options, the accounts and regions it shows, and what all of its files
 * share. Everything here is set up before the first request and constant from then on.
 */
#ifndef ECSFS_FS_H
#define ECSFS_FS_H

#include "backend/aws.h"
#include "cache/logs/logs.h"
#include "cache/region.h"
#include "cache/spool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* Whether a region answered when it was first asked, or since. */
enum region_state {
	REGION_ASKED,
	REGION_ANSWERS,
	REGION_FAILS,
	REGION_NOT_ENABLED, /* the region does not know the account's keys */
};

struct account {
	char *name; /* the profile's: its directory where several are mounted */
	struct aws_client *client;
	struct region **regions;	    /* NULL-ended; of the names asked for, in their order */
	_Atomic(enum region_state) *states; /* likewise; NULL: all answer */
};

struct fs_options {
	bool read_only;
	bool allow_delete;
	bool dry_run;
	bool xattr;
	bool allow_other;
	mode_t umask; /* 077 */
	uid_t uid;
	gid_t gid;
	int ttl_ms;		    /* 5000 */
	int timeout_ms;		    /* how long a request may stay parked: 30 s */
	int64_t rollout_timeout_ms; /* 0: none */
	char *journal_file;	    /* NULL: none */
	char *cluster;		    /* the root is this cluster's directory; NULL: it is not */
};

struct errlog;
struct metrics;
struct follow;
struct journal;
struct readings;
struct memory;
struct serial;

/*
 * State that the parts of the file system keep of one mount, each in the file of its name; made by
 * fs_state_new() (fs/state.h). Constant pointers; what they point to has its own lock.
 */
struct nodes;	  /* fs/kernel/node/inode.h */
struct requests;  /* fs/kernel/parked.h */
struct notify;	  /* fs/kernel/notify.h */
struct handles;	  /* fs/files/handle.h */
struct retries;	  /* fs/kernel/open.h */
struct refusals;  /* fs/kernel/refused.h */
struct spent;	  /* fs/kernel/spent.h */
struct failures;  /* fs/kernel/node/failures.h */
struct streams;	  /* fs/files/stream.h */
struct scratches; /* fs/files/scratch.h */
struct locals;	  /* fs/table.h */
struct watches;	  /* fs/tree/tree.h */
struct dir_type;

struct fs {
	struct fs_options options;
	const struct clock *clock;
	struct budget budget;	   /* -o cache_limit; any thread */
	struct account **accounts; /* NULL-ended */
	bool many_accounts;	   /* --profile a,b: a directory each */
	bool many_regions;	   /* --region a,b: a directory each */
	bool all_regions;	   /* --region all: those that are not enabled are not listed */
	struct logs *logs;
	struct follow *follow; /* of services whose events or rollout is open */
	struct errlog *errors; /* backend/errlog.h: the last failures */
	struct spools spools;
	struct metrics *metrics; /* backend/metrics.h: calls to AWS */
	struct journal *journal;
	/* fs/edit/remembered/readings.h: the copies of service documents that readers were given */
	struct readings *readings;
	struct serial *serial; /* fs/edit/remembered/serial.h: services that are being edited */
	struct memory *memory; /* fs/edit/remembered/memory.h: own registrations and tasks */
	int64_t started_mono_ms;
	char *mountpoint;
	char *source;	    /* fsname */
	bool simulated;	    /* --demo */
	char *options_text; /* those in force, as -o takes them */
	struct nodes *nodes;
	struct requests *requests;
	struct notify *notify;
	struct handles *handles;
	struct retries *retries;
	struct refusals *refusals;
	struct spent *spent;
	struct failures *failures;
	struct streams *streams;
	struct scratches *scratches;
	struct locals *locals;
	struct watches *watches;
	atomic_bool init_answered; /* fs/mount/mount.c */
};

/*
 * The state of a region of an account (NULL: REGION_ANSWERS). A refusal of its keys is the region's
 * only if another region knows them: else REGION_FAILS, until it answers.
 */
enum region_state account_state(const struct account *a, struct region *r);
void account_set_state(struct account *a, const struct region *r, enum region_state state);
/* For data that all regions share: the profile's own region if it answers, else the first that
 * does, else the first. */
struct region *account_region(const struct account *a);

#endif
