/*
 * Which options are understood, in mount's form and in the command line's, and how are bad ones
 * named?
 */
#include "backend/config/values.h"
#include "fs/cli/options/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ARGS = 16 };

static int parse(struct options *o, struct ecsfs_error *err, const char *line)
{
	static char copy[512];
	char program[] = "ecsfs", *argv[MAX_ARGS] = {program};
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	*err = (struct ecsfs_error){0};
	return options_parse(argc, argv, o, err);
}

static void assert_bad(const char *line, const char *word)
{
	struct ecsfs_error err;
	struct options o;

	if (parse(&o, &err, line) != -EINVAL || !strstr(err.message, word))
		fail_msg("%s: \"%s\" does not say %s", line, err.message, word);
	options_release(&o);
}

static void test_defaults(void **state)
{
	struct ecsfs_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, &err, "/mnt"), 0);
	assert_string_equal(o.mountpoint, "/mnt");
	assert_int_equal(o.fs.ttl_ms, 5000);
	assert_int_equal(o.fs.timeout_ms, 30000);
	assert_int_equal(o.fs.umask, 077);
	assert_int_equal(o.logs.window_bytes, 1024 * 1024);
	assert_null(o.regions);
	assert_null(o.fsname);
	assert_false(o.foreground);
	options_release(&o);
}

static void test_long_options_are_mount_options(void **state)
{
	static const char *const lines[] = {
	    "--region us-east-1,eu-west-1 --ttl=0.5 --log-window 15m --allow-delete /mnt",
	    "-o region=us-east-1:eu-west-1,ttl=0.5,log_window=15m,allow_delete /mnt",
	    "-o region=us-east-1\\,eu-west-1 -ottl=0.5,log-window=15m -o allow_delete /mnt",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ecsfs_error err;
		struct options o;

		assert_int_equal(parse(&o, &err, lines[i]), 0);
		assert_string_equal(o.regions[0], "us-east-1");
		assert_string_equal(o.regions[1], "eu-west-1");
		assert_null(o.regions[2]);
		assert_int_equal(o.fs.ttl_ms, 500);
		assert_int_equal(o.logs.window_ms, 15 * 60 * 1000);
		assert_true(o.fs.allow_delete);
		options_release(&o);
	}
}

static void test_as_mount_passes_it(void **state)
{
	struct ecsfs_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, &err,
			     "prod-account /mnt -o rw,noexec,nosuid,nodev,relatime,"
			     "_netdev,x-systemd.automount,region=us-east-1,dev,suid"),
	    0);
	assert_string_equal(o.fsname, "prod-account");
	assert_string_equal(o.mountpoint, "/mnt");
	assert_string_equal(o.kernel, "noexec,nosuid,nodev");
	assert_string_equal(o.regions[0], "us-east-1");
	assert_false(o.fs.read_only);
	options_release(&o);
}

static void test_colons_stay_in_values(void **state)
{
	struct ecsfs_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, &err, "-o endpoint_url=http://127.0.0.1:5000,ro /mnt"), 0);
	assert_string_equal(o.endpoint_url, "http://127.0.0.1:5000");
	assert_true(o.fs.read_only);
	options_release(&o);
}

static void test_request_rates(void **state)
{
	struct ecsfs_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, &err, "/mnt"), 0);
	assert_int_equal(o.request_rates, AWS_RATES_AUTO);
	options_release(&o);
	assert_int_equal(parse(&o, &err, "-o request_rates=aws /mnt"), 0);
	assert_int_equal(o.request_rates, AWS_RATES_KNOWN);
	options_release(&o);
	assert_int_equal(parse(&o, &err, "--request-rates learn /mnt"), 0);
	assert_int_equal(o.request_rates, AWS_RATES_LEARNED);
	options_release(&o);
	assert_int_equal(parse(&o, &err, "-o request_rates=none /mnt"), -EINVAL);
	options_release(&o);
}

static void test_windows_and_sizes(void **state)
{
	struct ecsfs_error err;
	struct options o;

	(void)state;
	assert_int_equal(
	    parse(&o, &err, "-o log_window=8M,spool_limit=2G,cache_limit=100M /mnt"), 0);
	assert_int_equal(o.logs.window_bytes, 8 << 20);
	assert_int_equal(o.logs.window_ms, 0);
	assert_int_equal(o.spool_limit, INT64_C(2) << 30);
	assert_int_equal(o.cache_limit, 100 << 20);
	options_release(&o);
	assert_int_equal(parse(&o, &err, "-o log_window=all /mnt"), 0);
	assert_int_equal(o.logs.window_bytes, 0);
	options_release(&o);
}

static void test_bad_ones_are_named(void **state)
{
	(void)state;
	assert_bad("", "mount point");
	assert_bad("--nonsense /mnt", "--nonsense");
	assert_bad("-o nonsense /mnt", "nonsense");
	assert_bad("-o ttl=soon /mnt", "ttl=soon");
	assert_bad("-o ttl= /mnt", "ttl=");
	assert_bad("-o ttl=-1 /mnt", "ttl=-1");
	assert_bad("-o ttl /mnt", "ttl");
	assert_bad("-o umask=99 /mnt", "umask");
	assert_bad("-o umask=1777 /mnt", "umask");
	assert_bad("-o log_window=x /mnt", "log_window");
	assert_bad("-o log_window=0 /mnt", "log_window");
	assert_bad("-o timeout=0 /mnt", "timeout");
	assert_bad("-o ro=yes /mnt", "ro=yes");
	assert_bad("-o region=a::b /mnt", "region");
	assert_bad("--region fips-us-east-1,us-east-1 /mnt", "--region=us-east-1");
	assert_bad("--endpoint-url= /mnt", "--endpoint-url=");
	assert_bad("-o endpoint-url= /mnt", "-o endpoint_url=");
	assert_bad("--region a,a /mnt", "region");
	assert_bad("-o uid=nobody-of-that-name /mnt", "uid");
	assert_bad("-x /mnt", "-x");
	assert_bad("-o", "-o");
	assert_bad("--regoin us-east-1 /mnt", "did you mean --region?");
	assert_bad("--alow-delete /mnt", "did you mean --allow-delete?");
	assert_bad("-o allowdelete /mnt", "did you mean allow_delete?");
	assert_bad("-o tll=3 /mnt", "did you mean ttl?");
	assert_bad("-o noexecc /mnt", "did you mean noexec?");
	assert_bad("--region /mnt", "--region");
	assert_bad("a b c", "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_long_options_are_mount_options),
	    cmocka_unit_test(test_as_mount_passes_it),
	    cmocka_unit_test(test_colons_stay_in_values),
	    cmocka_unit_test(test_request_rates),
	    cmocka_unit_test(test_windows_and_sizes),
	    cmocka_unit_test(test_bad_ones_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
