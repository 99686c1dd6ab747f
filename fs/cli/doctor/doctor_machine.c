/*
 * Can this user mount with FUSE? Checks the device, the helper that mounts for users, the
 * permission to share, the mount point, and the files that options name. Nothing is mounted and
 * nothing is made.
 */
#include "fs/cli/doctor/doctor_machine.h"

#include "backend/base/cleanup.h"
#include "fs/mount/mountpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void check_device(struct report *r)
{
	static const char container[] =
	    "in a container start it with --device /dev/fuse --cap-add SYS_ADMIN";
	auto_close int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int e = fd < 0 ? errno : 0;

	if (!e)
		report_add(
		    r, REPORT_OK, "fuse", NULL, "the kernel has FUSE and lets you open /dev/fuse");
	else if (e == EACCES)
		report_add(r, REPORT_FAIL, "fuse", "chmod 0666 /dev/fuse, as distributions ship it",
		    "/dev/fuse is not open to you: nothing can be mounted");
	else if (e == EPERM)
		report_add(r, REPORT_FAIL, "fuse", container,
		    "/dev/fuse is refused by the container: nothing can be mounted");
	else
		report_add(r, REPORT_FAIL, "fuse",
		    "modprobe fuse; in a container start it with --device /dev/fuse --cap-add "
		    "SYS_ADMIN",
		    "/dev/fuse: %s: nothing can be mounted", strerror(e));
}

/* The first fusermount3 of $PATH; false: not found. */
static bool find_helper(char ret[PATH_MAX], struct stat *st)
{
	auto_free char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
	char *rest, *dir = path ? strtok_r(path, ":", &rest) : NULL;

	for (; dir; dir = strtok_r(NULL, ":", &rest))
		if (snprintf(ret, PATH_MAX, "%s/fusermount3", dir) < PATH_MAX &&
		    stat(ret, st) == 0 && S_ISREG(st->st_mode) && access(ret, X_OK) == 0)
			return true;
	return false;
}

static void check_helper(struct report *r)
{
	char path[PATH_MAX];
	struct stat st;
	bool root = geteuid() == 0;

	if (!find_helper(path, &st))
		report_add(r, root ? REPORT_WARN : REPORT_FAIL, "fusermount3",
		    "install the package fuse3", "it is not in $PATH: %s",
		    root ? "unmount with umount" : "only root can mount and unmount");
	else if (!root && !(st.st_uid == 0 && (st.st_mode & S_ISUID)))
		report_add(r, REPORT_FAIL, "fusermount3", "reinstall the package fuse3",
		    "%s is not setuid root: only root can mount", path);
	else
		report_add(r, REPORT_OK, "fusermount3", NULL, "%s mounts and unmounts", path);
}

static void check_sharing(struct report *r, const struct options *o)
{
	int allowed = mountpoint_sharing_allowed();
	bool wanted = o->fs.allow_other || (o->kernel && strstr(o->kernel, "allow_root"));

	if (geteuid() == 0)
		report_add(r, REPORT_OK, "user_allow_other", NULL,
		    "root needs no permission to share a mount");
	else if (allowed > 0)
		report_add(r, REPORT_OK, "user_allow_other", NULL,
		    "/etc/fuse.conf lets you share a mount (allow_other)");
	else if (wanted)
		report_add(r, REPORT_FAIL, "user_allow_other",
		    "put user_allow_other on a line of its own into /etc/fuse.conf",
		    "/etc/fuse.conf does not let you share a mount, as the options ask for");
	else
		report_add(r, REPORT_OK, "user_allow_other", NULL,
		    "not set: a mount is yours alone, and allow_other would be refused");
}

static void check_mountpoint(struct report *r, struct options *o)
{
	struct ecsfs_error err = {0};

	if (!o->mountpoint)
		return;
	if (mountpoint_look(o, &err) == 0)
		report_add(
		    r, REPORT_OK, "mount point", NULL, "%s can be mounted on", o->mountpoint);
	else if (err.err == ENOTCONN || err.err == ECONNABORTED)
		report_add(r, REPORT_WARN, "mount point", "fusermount3 -u the mount point",
		    "%s (a mount whose program has ended; the next mount clears it)", err.message);
	else
		report_add(r, REPORT_FAIL, "mount point",
		    err.err == ENOENT ? "mkdir -p the mount point" : "name another directory", "%s",
		    err.message);
}

/* A file that an option names is appended to, or made. */
static void check_file(struct report *r, const char *option, const char *path)
{
	auto_free char *copy = path ? strdup(path) : NULL;
	bool there = path && access(path, F_OK) == 0;

	if (!copy)
		return;
	if (access(there ? path : dirname(copy), W_OK) == 0)
		report_add(r, REPORT_OK, option, NULL, "%s can be written", path);
	else
		report_add(
		    r, REPORT_FAIL, option, "name another file", "%s: %s", path, strerror(errno));
}

void doctor_machine(struct report *r, struct options *o)
{
	check_device(r);
	check_helper(r);
	check_sharing(r, o);
	check_mountpoint(r, o);
	check_file(r, "journal", o->fs.journal_file);
	check_file(r, "log_file", o->log_file);
}
