/*
 * How does a test of credentials and settings get a home directory? It is made, filled with files,
 * named by HOME, and removed.
 */
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

struct home home;

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

int home_setup(void **state)
{
	(void)state;
	home_open(&home);
	return 0;
}

int home_setup_region(void **state)
{
	home_setup(state);
	return setenv("AWS_REGION", "eu-west-1", 1);
}

int home_teardown(void **state)
{
	(void)state;
	home_close(&home);
	return 0;
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

struct scripted *home_serve(
    const char *variable, const char *path, const struct scripted_entry *entries, size_t count)
{
	struct scripted *s = scripted_start(entries, count);
	char url[128];

	snprintf(url, sizeof(url), "%s%s", scripted_url(s), path);
	setenv(variable, url, 1);
	return s;
}

struct credentials *home_credentials(struct aws_settings *s, const char *key_id)
{
	struct credentials *c = NULL;
	struct ecsfs_error err = {0};

	if (s->provider->fetch(s->provider, &c, &err))
		fail_msg("%s", err.message);
	assert_string_equal(credentials_access_key_id_peek(c), key_id);
	return c;
}

const char *home_fetch(struct aws_settings *s, const char *key_id)
{
	static struct ecsfs_error err;
	struct credentials *c = NULL;
	int r;

	if (key_id) {
		credentials_unref(home_credentials(s, key_id));
		return "";
	}
	err = (struct ecsfs_error){0};
	r = s->provider->fetch(s->provider, &c, &err);
	assert_true(r < 0);
	assert_int_equal(r, -err.err);
	return err.message;
}
