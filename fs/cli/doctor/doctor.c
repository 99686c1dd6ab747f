/*
 * What would not work here? This machine is checked, then for each profile its identity, then for
 * each region the way to AWS, and in a profile's first region its permissions (IAM has no regions).
 * Every check is a line; nothing is mounted and no call changes anything. Exit status 0: nothing
 * failed; 1: something did; 2: invalid arguments.
 */
#include "fs/cli/doctor/doctor.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/base/nearest.h"
#include "backend/config/settings.h"
#include "fs/cli/command.h"
#include "fs/cli/doctor/doctor_machine.h"
#include "fs/cli/doctor/doctor_network.h"
#include "fs/cli/options/option_table.h"
#include "fs/mount/session.h"

#include <errno.h>
#include <string.h>

enum { CALL_TIMEOUT_MS = 10000 };

static const char *remedy_for_keys(const char *code)
{
	if (strncmp(code, "Expired", 7) == 0)
		return "renew them: aws sso login, aws login, or new keys in the environment";
	if (strncmp(code, "UnrecognizedClient", 18) == 0 ||
	    strcmp(code, "InvalidClientTokenId") == 0)
		return "these keys are unknown to AWS: deleted, inactive, of another partition, or "
		       "the "
		       "session token is missing";
	if (strncmp(code, "Signature", 9) == 0 || strncmp(code, "InvalidSignature", 16) == 0)
		return "the secret key does not belong to the key id, or the clock is wrong";
	return "look at the endpoint of sts below; a mount works without it";
}

/* "in 3 h", in words. */
static void tell_expiry(struct report *r, const struct aws_settings *s, const struct credentials *c)
{
	const char *source = atomic_load(&s->provider->name);
	int64_t expires_ms = credentials_expires_ms(c), left_s;
	char at[21];

	if (!expires_ms) {
		report_add(
		    r, REPORT_OK, "credentials", NULL, "%s; when they expire is not known", source);
		return;
	}
	left_s = (expires_ms - clock_wall(s->clock)) / 1000;
	iso8601_format(expires_ms, at);
	if (left_s <= 0)
		report_add(r, REPORT_FAIL, "credentials", remedy_for_keys("Expired"),
		    "%s; they expired at %s", source, at);
	else
		report_add(r, REPORT_OK, "credentials", NULL,
		    "%s; they expire at %s, in %lld minutes", source, at, (long long)left_s / 60);
}

/* Whether there are credentials. */
static bool check_credentials(struct report *r, const struct aws_settings *s)
{
	struct credentials *found = NULL;
	struct ecsfs_error err = {0};

	if (s->provider->fetch(s->provider, &found, &err) < 0) {
		report_add(r, REPORT_FAIL, "credentials",
		    "man ecsfs-credentials says where they are looked for", "%s", err.message);
		return false;
	}
	tell_expiry(r, s, found);
	credentials_unref(found);
	return true;
}

/* New; NULL where the call failed. Sets whether AWS refuses the keys. */
static json_t *check_identity(struct report *r, struct aws_client *client, bool *ret_refused)
{
	struct aws_response response = {0};
	struct ecsfs_error err = {0};
	const struct aws_request rq = {
	    .service = "sts", .action = "GetCallerIdentity", .timeout_ms = CALL_TIMEOUT_MS};

	*ret_refused = false;
	if (aws_request(client, &rq, &response, &err) == 0) {
		json_t *identity = json_incref(response.json);

		report_add(r, REPORT_OK, "identity", NULL, "%s",
		    json_string_value(json_object_get(identity, "Arn")));
		aws_response_release(&response);
		return identity;
	}
	bool denied = strncmp(err.code, "AccessDenied", 12) == 0;
	*ret_refused = err.http_status && err.err == EACCES && !denied;
	report_add(r, *ret_refused ? REPORT_FAIL : REPORT_WARN, "identity",
	    remedy_for_keys(err.code), "%s%s%s", err.code, err.code[0] ? ": " : "", err.message);
	return NULL;
}

static void check_region(struct report *r, const struct options *o, struct account *a, size_t i,
    const json_t *identity, bool usable)
{
	json_auto_t *unreachable = json_object();
	struct doctor_region d = {.client = a->client,
	    .region = region_name_peek(a->regions[i]),
	    .cluster = o->fs.cluster,
	    .read_only = o->fs.read_only,
	    .timeout_ms = ms_min(o->timeout_ms, CALL_TIMEOUT_MS),
	    .unreachable = unreachable};

	report_add(r, REPORT_OK, "region", NULL, "%s (%s)", d.region,
	    i || o->regions ? "--region" : aws_client_settings_peek(a->client)->region_source);
	doctor_network(r, &d);
	if (i > 0)
		return;
	if (usable)
		doctor_calls(r, &d, identity);
	else
		report_add(r, REPORT_SKIP, "permissions", NULL,
		    "not probed: AWS does not know these keys");
}

static void check_account(
    struct report *r, const struct options *o, const struct fs *fs, struct account *a)
{
	bool refused = false, usable;
	char subject[256];

	r->subject = fs->many_accounts ? a->name : NULL;
	usable = check_credentials(r, aws_client_settings_peek(a->client));
	json_auto_t *identity = usable ? check_identity(r, a->client, &refused) : NULL;
	for (size_t i = 0; a->regions[i]; i++) {
		snprintf(subject, sizeof(subject), "%s%s%s", fs->many_accounts ? a->name : "",
		    fs->many_accounts && fs->many_regions ? "/" : "",
		    fs->many_regions ? region_name_peek(a->regions[i]) : "");
		r->subject = *subject ? subject : NULL;
		check_region(r, o, a, i, identity, usable && !refused);
	}
	r->subject = NULL;
}

static void check_accounts(struct report *r, const struct options *o)
{
	struct options asked = *o;
	struct ecsfs_error err = {0};
	struct session s;

	/* Checked already, and must not be created. */
	asked.fs.journal_file = NULL;
	int e = session_open(&asked, &s, &err);
	if (e)
		report_add(r, REPORT_FAIL, "settings",
		    "man ecsfs-credentials says what is looked for", "%s",
		    err.message[0] ? err.message : strerror(-e));
	for (size_t i = 0; !e && s.fs.accounts[i]; i++)
		check_account(r, o, &s.fs, s.fs.accounts[i]);
	session_close(&s);
}

/* Removes --json from the arguments. */
static bool take_json(int *argc, char **argv)
{
	bool found = false;
	int n = 1;

	for (int i = 1; i < *argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			found = true;
		else
			argv[n++] = argv[i];
	*argc = n;
	return found;
}

/* A misspelt option of the command itself; NULL: none is near. */
static const char *mistyped(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct nearest n;

		nearest_begin(&n, argv[i]);
		nearest_try(&n, "--json");
		if (strncmp(argv[i], "--", 2) == 0 && nearest_peek(&n) &&
		    !option_find(argv[i] + 2, strcspn(argv[i] + 2, "=")))
			return argv[i];
	}
	return NULL;
}

int doctor_run(int argc, char **argv)
{
	bool as_json = take_json(&argc, argv);
	json_auto_t *rows = as_json ? json_array() : NULL;
	struct report r = {.json = rows};
	struct ecsfs_error err = {0};
	struct options o;
	int status = 2;

	if (mistyped(argc, argv))
		return command_unknown("doctor", mistyped(argc, argv));
	if (options_parse_any(argc, argv, &o, &err) < 0) {
		command_refuse("doctor", "%s", err.message);
	} else if (o.help || o.help_all) {
		command_print_usage("doctor", stdout);
		status = 0;
	} else {
		log_setup(o.debug ? LOG_DEBUG_ : LOG_ERROR_, false);
		doctor_machine(&r, &o);
		check_accounts(&r, &o);
		status = report_end(&r);
	}
	options_release(&o);
	return status;
}
