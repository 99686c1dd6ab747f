/*
 * Can the directory be mounted on? It is checked before anything else starts: for sharing that
 * fusermount3 would refuse, a dead mount of an earlier run, another ecsfs on it, files in it. Each
 * problem is one sentence that says what to do.
 */
#include "fs/mount/mountpoint.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "fs/mount/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_dead(const char *path)
{
	struct statvfs st;

	/* stat(2) may be answered from the kernel's cached attributes. */
	return statvfs(path, &st) != 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

static void run_fusermount(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", path, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

/* Whether a crash left a dead mount: every access says "Transport endpoint is not connected". */
static void clear_dead_mount(const char *path)
{
	for (int i = 0; i < 8 && is_dead(path); i++)
		if (geteuid() != 0 || umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
			run_fusermount(path);
}

static int check_empty(const char *path, struct ecsfs_error *err)
{
	DIR *d = opendir(path);
	const struct dirent *e = NULL;
	bool empty = true;

	if (!d)
		return ecsfs_error_set(err, errno, NULL, "%s: %s", path, strerror(errno));
	while (empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	closedir(d);
	if (empty)
		return 0;
	return ecsfs_error_set(err, ENOTEMPTY, NULL,
	    "%s: the mount point is not empty (use -o nonempty to mount anyway)", path);
}

int mountpoint_sharing_allowed(void)
{
	auto_buf struct buf text = BUF_INIT(64 * KIB);
	char *rest, *line;
	int e = file_read("/etc/fuse.conf", false, &text);

	if (e < 0)
		return e;
	line = text.data ? strtok_r(text.data, "\n", &rest) : NULL;
	for (; line; line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		if (strncmp(line, "user_allow_other", 16) == 0)
			return 1;
	}
	return 0;
}

/* fusermount3 refuses this too, with a further line of its own. */
static int check_sharing(const struct options *o, struct ecsfs_error *err)
{
	bool wanted = o->fs.allow_other || (o->kernel && strstr(o->kernel, "allow_root"));

	if (!wanted || geteuid() == 0 || mountpoint_sharing_allowed() != 0)
		return 0;
	return ecsfs_error_set(err, EPERM, NULL,
	    "%s needs root, or user_allow_other in /etc/fuse.conf",
	    o->fs.allow_other ? "allow_other" : "allow_root");
}

/* Another mount on top would hide the first, which goes on running. */
static int check_free(const char *path, struct ecsfs_error *err)
{
	__attribute__((cleanup(mounts_release))) struct mounts m;
	auto_buf struct buf status = BUF_INIT(MIB), pid = BUF_INIT(64);

	if (mounts_read(&m) != 0 || !mounts_have(&m, path))
		return 0;
	if (mounts_status(path, &status) == 0)
		mounts_status_value(buf_str(&status), "pid", &pid);
	const char *quote = strpbrk(path, " \t\"\\$") ? "'" : "";
	return ecsfs_error_set(err, EBUSY, NULL,
	    "%s is already mounted by ecsfs%s%s%s; fusermount3 -u %s%s%s first", path,
	    pid.len ? " (pid " : "", buf_str(&pid), pid.len ? ")" : "", quote, path, quote);
}

int mountpoint_look(struct options *o, struct ecsfs_error *err)
{
	char *path = realpath(o->mountpoint, NULL);
	struct stat st;

	if (!path)
		return ecsfs_error_set(err, errno, NULL, "%s: %s", o->mountpoint, strerror(errno));
	free(o->mountpoint);
	o->mountpoint = path;
	if (stat(path, &st) != 0)
		return ecsfs_error_set(err, errno, NULL, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return ecsfs_error_set(
		    err, ENOTDIR, NULL, "%s: the mount point is not a directory", path);
	int e = check_free(path, err);
	return e || o->nonempty ? e : check_empty(path, err);
}

int mountpoint_check(struct options *o, struct ecsfs_error *err)
{
	int e = check_sharing(o, err);

	if (e)
		return e;
	clear_dead_mount(o->mountpoint);
	return mountpoint_look(o, err);
}
