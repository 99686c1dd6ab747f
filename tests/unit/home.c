#include "tests/unit/home.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

extern char **environ;

static struct home *home_of(const struct clock *c)
{
	return (struct home *)c;
}

static int64_t mono(const struct clock *c)
{
	return home_of(c)->now_ms;
}

static int64_t wall(const struct clock *c)
{
	return HOME_START_MS + home_of(c)->now_ms;
}

static void clear_environment(void)
{
	for (char **e = environ; *e;) {
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		if (!strncmp(name, "AWS_", 4) && !unsetenv(name))
			e = environ;
		else
			e++;
	}
}

void home_open(struct home *h)
{
	clear_environment();
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	h->clock = (struct clock){mono, wall};
	h->now_ms = 0;
	strcpy(h->path, "/tmp/ecsfs-home-XXXXXX");
	assert_non_null(mkdtemp(h->path));
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void home_close(struct home *h)
{
	nftw(h->path, drop, 8, FTW_DEPTH | FTW_PHYS);
	clear_environment();
}

const char *home_path(const struct home *h, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", h->path, name);
	return path;
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

void home_write(struct home *h, const char *name, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", h->path, name);
	make_directories(path);
	f = fopen(path, "w");
	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	assert_int_equal(fclose(f), 0);
}

struct aws_settings *home_settings(struct home *h, const char *profile)
{
	const struct aws_options options = {
	    .profile = profile, .home = h->path, .clock = &h->clock};
	struct aws_settings *s = NULL;
	struct ecsfs_error err = {0};

	if (aws_settings_new(&options, &s, &err))
		fail_msg("%s", err.message);
	return s;
}

const char *home_fetch(struct aws_settings *s, const char *key_id)
{
	static struct ecsfs_error err;
	struct credentials *c = NULL;
	int r;

	err = (struct ecsfs_error){0};
	r = s->provider->fetch(s->provider, &c, &err);
	if (!key_id) {
		assert_true(r < 0);
		assert_int_equal(r, -err.err);
		return err.message;
	}
	if (r)
		fail_msg("%s", err.message);
	assert_string_equal(credentials_access_key_id_peek(c), key_id);
	credentials_unref(c);
	return "";
}
