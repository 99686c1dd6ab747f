/* How is ecsfs-sim, the simulated region without a mount, started? */
#include "backend/sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: ecsfs-sim [options]\n"
    "  --port N         listen on 127.0.0.1:N (any free port)\n"
    "  --fleet CxSxT    C clusters of S services of T tasks, instead of the demo's\n"
    "  --region NAME    the region that holds them (us-east-1)\n"
    "  --account ID     the account's 12 digits (123456789012)\n"
    "  --latency MS     answer later by so much\n"
    "  --faults SCRIPT  ACTION[+SKIP][:COUNT|:P%]:KIND[=VALUE],... with KIND throttle, 5xx, 503,\n"
    "                   denied, expired, error=CODE, reset, lost, truncate, garbage, html, empty,\n"
    "                   stall[=MS], latency=MS; ACTION may be *\n"
    "  --seed N         of the faults and of every id\n"
    "  --throttle       enforce AWS's token buckets\n"
    "  --speed X        the scheduler's pace (1)\n"
    "  --session-token TOKEN  accept this session token\n"
    "  --exec           let ECS Exec run commands on this machine, as this user\n"
    "  --strict         refuse members that AWS's service model does not know\n"
    "  --help\n";

static int bad(const char *option, const char *value)
{
	fprintf(stderr, "ecsfs-sim: bad value '%s' for --%s\n", value, option);
	return 2;
}

static bool number(const char *text, double least, double most, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && *ret >= least && *ret <= most;
}

static bool read_fleet(const char *text, struct sim_options *o)
{
	char rest;

	if (sscanf(text, "%dx%dx%d%c", &o->clusters, &o->services, &o->tasks, &rest) != 3)
		return false;
	return o->clusters >= 1 && o->clusters <= 1000 && o->services >= 0 && o->services <= 5000 &&
	    o->tasks >= 0 && o->tasks <= 5000 &&
	    (double)o->clusters * o->services * (o->tasks ? o->tasks : 1) <= 1e6;
}

static bool is_account(const char *text)
{
	return strlen(text) == 12 && text[strspn(text, "0123456789")] == '\0';
}

enum {
	OPT_PORT = 1,
	OPT_FLEET,
	OPT_REGION,
	OPT_ACCOUNT,
	OPT_LATENCY,
	OPT_FAULTS,
	OPT_SEED,
	OPT_THROTTLE,
	OPT_SPEED,
	OPT_TOKEN,
	OPT_STRICT,
	OPT_EXEC,
	OPT_HELP
};

static const struct option long_options[] = {{"port", required_argument, NULL, OPT_PORT},
    {"fleet", required_argument, NULL, OPT_FLEET}, {"region", required_argument, NULL, OPT_REGION},
    {"account", required_argument, NULL, OPT_ACCOUNT},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"faults", required_argument, NULL, OPT_FAULTS}, {"seed", required_argument, NULL, OPT_SEED},
    {"throttle", no_argument, NULL, OPT_THROTTLE}, {"speed", required_argument, NULL, OPT_SPEED},
    {"session-token", required_argument, NULL, OPT_TOKEN},
    {"strict", no_argument, NULL, OPT_STRICT}, {"exec", no_argument, NULL, OPT_EXEC},
    {"help", no_argument, NULL, OPT_HELP}, {0}};

/* 0, or the exit status that a bad value gives. */
static int read_option(int which, const char *name, struct sim_options *o)
{
	double value;

	switch (which) {
	case OPT_PORT:
		if (!number(optarg, 0, 65535, &value))
			return bad(name, optarg);
		o->port = (int)value;
		return 0;
	case OPT_FLEET:
		return read_fleet(optarg, o) ? 0 : bad(name, optarg);
	case OPT_REGION:
		o->region = optarg;
		return optarg[strspn(optarg, "abcdefghijklmnopqrstuvwxyz0123456789-")]
		    ? bad(name, optarg)
		    : 0;
	case OPT_ACCOUNT:
		o->account = optarg;
		return is_account(optarg) ? 0 : bad(name, optarg);
	case OPT_LATENCY:
		if (!number(optarg, 0, 3600000, &value))
			return bad(name, optarg);
		o->latency_ms = (int)value;
		return 0;
	case OPT_FAULTS:
		o->faults = optarg;
		return 0;
	case OPT_SEED:
		if (!number(optarg, 0, 1e15, &value))
			return bad(name, optarg);
		o->seed = (uint64_t)value;
		return 0;
	case OPT_SPEED:
		return number(optarg, 0.01, 1000, &o->speed) ? 0 : bad(name, optarg);
	case OPT_TOKEN:
		o->session_token = optarg;
		return 0;
	case OPT_EXEC:
		o->exec = true;
		return 0;
	case OPT_THROTTLE:
		o->throttle = true;
		return 0;
	default:
		o->strict = true;
		return 0;
	}
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct sim_options *o)
{
	int which, index, status;

	opterr = 0;
	while ((which = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (which == OPT_HELP) {
			fputs(usage, stdout);
			return 0;
		}
		if (which == '?' || which == ':') {
			fprintf(stderr,
			    "ecsfs-sim: unknown option or missing value: %s (see --help)\n",
			    argv[optind - 1]);
			return 2;
		}
		status = read_option(which, long_options[index].name, o);
		if (status)
			return status;
	}
	if (optind < argc) {
		fprintf(stderr, "ecsfs-sim: unexpected argument '%s' (see --help)\n", argv[optind]);
		return 2;
	}
	return -1;
}

static void say_how(const struct sim *s, const struct sim_options *o)
{
	printf("ecsfs-sim: listening on http://127.0.0.1:%d\n", sim_port(s));
	printf("  AWS_ENDPOINT_URL=http://127.0.0.1:%d AWS_ACCESS_KEY_ID=AKIDEXAMPLE "
	       "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY AWS_REGION=%s "
	       "aws ecs list-clusters\n",
	    sim_port(s), o->region ? o->region : "us-east-1");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sim_options o = {0};
	struct ecsfs_error err = {0};
	struct sim *s;
	sigset_t ends;
	int status = read_options(argc, argv, &o);
	int received;

	if (status >= 0)
		return status;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sim_start(&o, &s, &err) < 0) {
		fprintf(stderr, "ecsfs-sim: %s\n", err.message);
		return err.err == EINVAL ? 2 : 1;
	}
	say_how(s, &o);
	sigwait(&ends, &received);
	sim_stop(s);
	return 0;
}
