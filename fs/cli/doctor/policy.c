/*
 * Which IAM policy allows what the tree does? The rows of permissions.c are printed as one: a
 * statement for reading, one for changes, one for passing roles to ECS.
 */
#include "fs/cli/doctor/policy.h"

#include "backend/base/cleanup.h"
#include "fs/cli/command.h"
#include "fs/cli/doctor/permissions.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* The actions that read, or those that write, of all services but iam. */
static json_t *actions(bool writes)
{
	json_t *list = json_array();

	for (size_t i = 0; permission_at(i); i++) {
		const struct permission *p = permission_at(i);

		if (p->writes == writes && strcmp(p->service, "iam") != 0)
			json_array_append_new(list, json_sprintf("%s:%s", p->service, p->action));
	}
	return list;
}

/* PassRole is limited to roles for tasks. */
static json_t *pass_role(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:{s:s}}}", "Sid", "EcsfsPassRole", "Effect",
	    "Allow", "Action", "iam:PassRole", "Resource", "*", "Condition", "StringLike",
	    "iam:PassedToService", "ecs*.amazonaws.com");
}

static json_t *policy(bool writes)
{
	json_t *statements = json_array();

	json_array_append_new(statements,
	    json_pack("{s:s, s:s, s:o, s:s}", "Sid", "EcsfsRead", "Effect", "Allow", "Action",
		actions(false), "Resource", "*"));
	if (writes) {
		json_array_append_new(statements,
		    json_pack("{s:s, s:s, s:o, s:s}", "Sid", "EcsfsWrite", "Effect", "Allow",
			"Action", actions(true), "Resource", "*"));
		json_array_append_new(statements, pass_role());
	}
	return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements);
}

int policy_run(int argc, char **argv)
{
	bool reads = false, writes = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--read-only") == 0)
			reads = true;
		else if (strcmp(argv[i], "--read-write") == 0)
			writes = true;
		else
			return command_unknown("policy", argv[i]);
	}
	if (reads && writes)
		return command_excludes("policy", "--read-only", "--read-write");
	if (!reads && !writes)
		return command_refuse("policy", "expected --read-only or --read-write");
	json_auto_t *document = policy(writes);
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}
