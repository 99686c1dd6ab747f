/*
 * Which options are there? One row each, in the order in which help shows them. A row whose member
 * is not in struct options yet does not compile; nothing else has to be changed for a new option.
 */
#include "fs/cli/options/option_table.h"

#include "backend/base/cleanup.h"
#include "backend/base/nearest.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
    {
	.name = "region",
	.common = true,
	.group = GROUP_ACCOUNT,
	.type = OPT_LIST,
	.at = AT(regions),
	.arg = "REGION,...",
	.help = "region; several, or all, get a directory each",
	.more = "A region that is down delays neither the others nor the mount. With all, regions "
		"that are not enabled for the account are left out.",
	.values = VALUES_REGIONS,
    },
    {
	.name = "profile",
	.common = true,
	.group = GROUP_ACCOUNT,
	.type = OPT_LIST,
	.at = AT(profiles),
	.arg = "NAME,...",
	.help = "profile of ~/.aws/config; a directory for each",
	.more = "Directories of profiles stand above those of regions.",
	.values = VALUES_PROFILES,
    },
    {
	.name = "cluster",
	.group = GROUP_ACCOUNT,
	.type = OPT_STRING,
	.at = AT(fs.cluster),
	.arg = "NAME",
	.help = "mount this cluster alone, as the root",
	.more = "The task definitions stand beside it, for the links of tasks.",
    },
    {
	.name = "endpoint_url",
	.group = GROUP_ACCOUNT,
	.type = OPT_STRING,
	.at = AT(endpoint_url),
	.arg = "URL",
	.help = "endpoint of every service",
    },
    {
	.name = "cluster_config",
	.group = GROUP_ACCOUNT,
	.type = OPT_STRING,
	.at = AT(cluster_config),
	.arg = "NAME",
	.help = "cluster configuration of ~/.ecs/config",
	.more = "These are the files of the ECS CLI.",
	.values = VALUES_CLUSTER_CONFIGS,
    },
    {
	.name = "ecs_profile",
	.group = GROUP_ACCOUNT,
	.type = OPT_STRING,
	.at = AT(ecs_profile),
	.arg = "NAME",
	.help = "profile of ~/.ecs/credentials",
	.values = VALUES_ECS_PROFILES,
    },
    {
	.name = "demo",
	.common = true,
	.group = GROUP_ACCOUNT,
	.type = OPT_FLAG,
	.at = AT(demo),
	.help = "mount a simulated region",
	.more = "It runs inside the program and needs neither an account nor a network. What ecsfs "
		"exec and "
		"ecsfs cp do happens on this machine, as the user who mounts; tasks only play "
		"their logs.",
    },
    {
	.name = "print_credential_source",
	.group = GROUP_ACCOUNT,
	.type = OPT_FLAG,
	.at = AT(print_credential_source),
	.help = "print credentials' source, region and endpoints",
	.more = "Nothing is mounted, and no secret is printed.",
    },
    {
	.name = "ro",
	.letter = 'r',
	.common = true,
	.group = GROUP_SAFETY,
	.type = OPT_FLAG,
	.at = AT(fs.read_only),
	.help = "refuse every write",
    },
    {
	.name = "dry_run",
	.common = true,
	.group = GROUP_SAFETY,
	.type = OPT_FLAG,
	.at = AT(fs.dry_run),
	.help = "check and journal changes, send nothing",
    },
    {
	.name = "allow_delete",
	.common = true,
	.group = GROUP_SAFETY,
	.type = OPT_FLAG,
	.at = AT(fs.allow_delete),
	.help = "let rmdir delete services, tasks, clusters",
	.more = "It also deregisters revisions.",
    },
    {
	.name = "journal",
	.group = GROUP_SAFETY,
	.type = OPT_STRING,
	.at = AT(fs.journal_file),
	.arg = "FILE",
	.help = "append a JSON line for every attempted change",
	.values = VALUES_FILES,
    },
    {
	.name = "allow_other",
	.common = true,
	.group = GROUP_SAFETY,
	.type = OPT_FLAG,
	.at = AT(fs.allow_other),
	.help = "allow access by other users, subject to umask",
    },
    {
	.name = "umask",
	.group = GROUP_SAFETY,
	.type = OPT_MASK,
	.at = AT(fs.umask),
	.arg = "OCTAL",
	.value = "077",
	.help = "permission bits to remove",
	.more = "Documents can hold secrets: widen it with care.",
    },
    {
	.name = "uid",
	.group = GROUP_SAFETY,
	.type = OPT_USER,
	.at = AT(fs.uid),
	.arg = "USER",
	.help = "owner of the files",
	.values = VALUES_USERS,
    },
    {
	.name = "gid",
	.group = GROUP_SAFETY,
	.type = OPT_GROUP,
	.at = AT(fs.gid),
	.arg = "GROUP",
	.help = "group of the files",
	.values = VALUES_GROUPS,
    },
    {
	.name = "ttl",
	.common = true,
	.group = GROUP_CACHING,
	.type = OPT_SECONDS,
	.at = AT(ttl_ms),
	.arg = "SECONDS",
	.value = "5",
	.help = "how long responses of AWS are cached",
	.more =
	    "The lists of clusters and of families, and that a cluster is there, are kept for 60 "
	    "seconds, CloudWatch's metrics for a minute. With 0 every open asks AWS.",
    },
    {
	.name = "timeout",
	.common = true,
	.group = GROUP_CACHING,
	.type = OPT_SECONDS,
	.at = AT(timeout_ms),
	.arg = "SECONDS",
	.value = "30",
	.help = "time limit for a request to AWS",
	.more =
	    "A request that takes longer fails with ETIMEDOUT, as does a command of ECS Exec that "
	    "has not begun by then.",
    },
    {
	.name = "stale",
	.group = GROUP_CACHING,
	.type = OPT_SECONDS,
	.at = AT(stale_ms),
	.arg = "SECONDS",
	.value = "300",
	.help = "serve cached data during outages",
	.more = "While AWS is unreachable, throttles or has not answered for two seconds, cached "
		"responses are served for this long past their ttl. Single values look as ever; "
		"overview and diagnosis begin with stale:, .ecsfs/errors says that an older "
		"response is shown. With 0 such reads fail. A write is never answered from the "
		"cache.",
    },
    {
	.name = "request_rates",
	.group = GROUP_CACHING,
	.type = OPT_CHOICE,
	.at = AT(request_rates),
	.arg = "auto|aws|learn",
	.value = "auto",
	.help = "request rates to keep to",
	.more =
	    "aws: those that AWS documents, for an endpoint that enforces them too, a proxy for "
	    "instance. learn: none until an answer is throttled, then what goes through. auto: "
	    "aws where the endpoint is AWS's own, else learn.",
    },
    {
	.name = "cache_limit",
	.group = GROUP_CACHING,
	.type = OPT_SIZE,
	.at = AT(cache_limit),
	.arg = "SIZE",
	.value = "64M",
	.help = "memory for cached responses",
	.more = "The files that show them, and the copies that edits are compared with, count too. "
		"The most recently used are kept, those not looked up for some time are dropped. "
		"Linux before 6.18 keeps directories until it wants the memory. A service takes "
		"about 4 KiB, a task 3 KiB.",
    },
    {
	.name = "rollout_timeout",
	.group = GROUP_CACHING,
	.type = OPT_SECONDS,
	.at = AT(fs.rollout_timeout_ms),
	.arg = "SECONDS",
	.value = "0",
	.help = "time limit for a read of rollout; 0: none",
    },
    {
	.name = "log_window",
	.common = true,
	.group = GROUP_LOGS,
	.type = OPT_WINDOW,
	.at = AT(logs),
	.arg = "SIZE|TIME",
	.value = "1M",
	.help = "history that the first read returns",
	.more = "Lower-case suffixes (s, m, h, d) are durations, upper-case ones (K, M, G) sizes; "
		"all is the whole log.",
    },
    {
	.name = "log_timestamps",
	.group = GROUP_LOGS,
	.type = OPT_FLAG,
	.at = AT(logs.timestamps),
	.help = "begin each log line with its time",
    },
    {
	.name = "log_overlap",
	.group = GROUP_LOGS,
	.type = OPT_SECONDS,
	.at = AT(logs.overlap_ms),
	.arg = "SECONDS",
	.value = "90",
	.help = "how long to wait for late log events",
    },
    {
	.name = "live_tail",
	.group = GROUP_LOGS,
	.type = OPT_FLAG,
	.at = AT(logs.live_tail),
	.help = "notice new lines by Live Tail (AWS charges)",
	.more =
	    "CloudWatch Logs Live Tail (StartLiveTail) announces new lines sooner than polling.",
    },
    {
	.name = "spool_dir",
	.group = GROUP_LOGS,
	.type = OPT_STRING,
	.at = AT(spool_dir),
	.arg = "DIR",
	.help = "directory for the bytes of open logs",
	.more = "Without it, $XDG_CACHE_HOME/ecsfs, else ~/.cache/ecsfs.",
	.values = VALUES_DIRECTORIES,
    },
    {
	.name = "spool_limit",
	.group = GROUP_LOGS,
	.type = OPT_SIZE,
	.at = AT(spool_limit),
	.arg = "SIZE",
	.value = "4G",
	.help = "disk space limit for all open logs",
    },
    {
	.name = "foreground",
	.letter = 'f',
	.common = true,
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(foreground),
	.help = "stay in the foreground",
    },
    {
	.name = "debug",
	.letter = 'd',
	.common = true,
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(debug),
	.help = "the same, and log every request to AWS",
	.more = "No secret and no content of a request is logged.",
    },
    {
	.name = "log_level",
	.group = GROUP_GENERAL,
	.type = OPT_CHOICE,
	.at = AT(log_level),
	.arg = "error|warn|info|debug",
	.value = "warn",
	.help = "what is logged",
	.more = "SIGUSR1 switches to debug and back while ecsfs runs.",
    },
    {
	.name = "log_file",
	.group = GROUP_GENERAL,
	.type = OPT_STRING,
	.at = AT(log_file),
	.arg = "FILE",
	.help = "append the log to FILE",
	.more = "Without it the log goes to stderr in the foreground, with priorities where the "
		"journal of systemd reads it, and to syslog in the background.",
	.values = VALUES_FILES,
    },
    {
	.name = "xattr",
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(fs.xattr),
	.help = "extended attributes: ARN, age, last error",
	.more = "They are user.ecs.arn, user.ecsfs.fetched_at and user.ecsfs.error.",
    },
    {
	.name = "fsname",
	.group = GROUP_GENERAL,
	.type = OPT_STRING,
	.at = AT(fsname),
	.arg = "NAME",
	.help = "source that mount(8) shows",
	.more = "Without it, the SOURCE that was given, else the profile and the region.",
    },
    {
	.name = "nonempty",
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(nonempty),
	.help = "mount over a directory that is not empty",
    },
    {
	.name = "help",
	.letter = 'h',
	.common = true,
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(help),
	.help = "print this text",
    },
    {
	.name = "help_all",
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(help_all),
	.help = "print a line for every option",
    },
    {
	.name = "version",
	.letter = 'V',
	.common = true,
	.group = GROUP_GENERAL,
	.type = OPT_FLAG,
	.at = AT(version),
	.help = "print the version",
    },
};

static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!a[i] || (b[i] == '-' ? '_' : b[i]) != a[i])
			return false;
	return a[len] == '\0';
}

const struct option_row *option_at(size_t i)
{
	return i < ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

const struct option_row *option_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (same_name(rows[i].name, name, len))
			return &rows[i];
	return NULL;
}

const struct option_row *option_find_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].letter && rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

const char *option_nearest(const char *name, size_t len)
{
	auto_free char *wanted = strndup(name, len);
	struct nearest n;

	if (!wanted)
		return NULL;
	nearest_begin(&n, wanted);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		nearest_try(&n, rows[i].name);
	return nearest_peek(&n);
}

const char *option_group_title(enum option_group group)
{
	static const char *const titles[] = {
	    [GROUP_ACCOUNT] = "Region and account",
	    [GROUP_SAFETY] = "Safety",
	    [GROUP_CACHING] = "Caching and time limits",
	    [GROUP_LOGS] = "Logs",
	    [GROUP_GENERAL] = "General",
	};

	return titles[group];
}

void option_dashed(const struct option_row *row, char *ret, size_t size)
{
	snprintf(ret, size, "%s", row->name);
	for (char *c = ret; *c; c++)
		*c = *c == '_' ? '-' : *c;
}
