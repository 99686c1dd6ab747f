/* How large may things grow? All ceilings are here; nothing in ecsfs grows without one. */
#ifndef ECSFS_BASE_LIMITS_H
#define ECSFS_BASE_LIMITS_H

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

/* Largest responses of AWS. A page of 1 MB of log text can take six bytes a character in JSON. */
#define LIMIT_RESPONSE (8 * MIB)
#define LIMIT_LOG_RESPONSE (16 * MIB)
#define LIMIT_JSON_DEPTH 128
#define LIMIT_PAGES 10000 /* of one listing: an endless series of tokens ends here */

/* Limits of what a user writes. */
#define LIMIT_VALUE (4 * KIB)
#define LIMIT_DOCUMENT (1 * MIB)
#define LIMIT_YAML (1 * MIB) /* of one file of a compose project */

/* Limits of what a mount holds. */
#define LIMIT_CACHE (64 * MIB) /* -o cache_limit: answers, and the nodes that show them */
#define LIMIT_PARKED 8192
#define LIMIT_SCRATCH_FILES 1024
#define LIMIT_SCRATCH_BYTES (64 * MIB) /* of all of them together */
#define LIMIT_KEPT_FILE (10 * MIB)     /* of one file of a compose project that is no YAML */
#define LIMIT_LOGFILES 1024
#define LIMIT_LOG_SEEN ((size_t)1 << 19) /* events that a log file recognises again */
#define LIMIT_SPOOL_BYTES ((int64_t)4 * 1024 * 1024 * 1024)
#define LIMIT_ERRORS 100
#define LIMIT_JOURNAL (1 * MIB)
#define LIMIT_KEPT_ANSWER (256 * KIB) /* of .ecsfs/api, for a reader on another open file */
#define LIMIT_NAME 255

/* Threads that may wait for AWS at once, one pool for each region and service. */
#define LIMIT_WORKERS 64
/* Of these, the number that calls of one kind may occupy, so that stalled calls leave the rest to
 * others. */
#define LIMIT_ACTION 24

/* Credentials and configuration. */
#define LIMIT_CONFIG_FILE (1 * MIB)
#define LIMIT_PROCESS_OUTPUT (64 * KIB)
#define LIMIT_CREDENTIAL_RESPONSE (256 * KIB)

#endif
