/* Where do the readers of the versions differ? In commands, numbers, and names without a value. */
#include "tests/unit/compose_project.h"

static void test_commands(void **state)
{
	(void)state;
	compose(
	    SPEC "    command: run --name \"a b\" 'c d' e\\ f ''\n    entrypoint: [/x, --y, 5]\n");
	assert_member("command", "['run','--name','a b','c d','e f','']");
	assert_member("entryPoint", "['/x','--y','5']");
	compose(SPEC "    command: sh -c \"echo a && b; c | d\"\n    entrypoint: a && b 2>&1\n");
	assert_member("command", "['sh','-c','echo a && b; c | d']");
	assert_member("entryPoint", "['a','&&','b','2>&1']");
	assert_warned(
	    "docker-compose.yml:5: services.a.entrypoint: no shell runs it: \"&&\" is part of");
	compose(V3 "    command:\n    entrypoint: ''\n");
	assert_member("command", NULL);
	assert_member("entryPoint", NULL);
	assert_refused(V3 "    command: \"a 'b\"\n", "a quotation does not end");
}

/* What ecs-cli's two libraries made of the same texts. */
static void test_commands_as_ecs_cli_splits_them(void **state)
{
	static const struct {
		const char *text, *v3, *v2;
	} rows[] = {
	    {"a \"b c\" 'd e'", "['a','b c','d e']", "['a','b c','d e']"},
	    {"\"a\\nb\" \"\\$$c\" 'a\\nb'", "['anb','$c','a\\\\nb']", "['anb','$c','a\\\\nb']"},
	    {"a && b", "['a']", "['a','&&','b']"},
	    {"a 2>&1", "['a','2']", "['a','2>&1']"},
	    {"a;b", "['a']", "['a;b']"},
	    {"a ';' \\; b", "['a',';',';b']", "['a',';',';','b']"},
	    {"find {} \\;", "['find','{}']", "['find','{}',';']"},
	    {"echo '' \"\" b", "['echo','b']", "['echo','','','b']"},
	    {"a\"\"b x'y z'w", "['ab','xy zw']", "['ab','xy zw']"},
	    {"a #b c#d", "['a','#b','c#d']", "['a']"},
	    {"`a b` \"`c d`\"", "['`a b`','`c d`']", NULL},
	    {"[a, b]", "['[a,','b]']", "['[a,','b]']"},
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "%s    command: |-\n      %s\n", V3, rows[i].text);
		compose(text);
		assert_member("command", rows[i].v3);
		if (!rows[i].v2)
			continue;
		snprintf(text, sizeof(text), "%s    command: |-\n      %s\n", V2, rows[i].text);
		compose(text);
		assert_member("command", rows[i].v2);
	}
	compose(V3 "    command: a && b\n");
	assert_warned("services.a.command: as ecs-cli reads it, the command ends before \"&&\"");
	compose(V3 "    command: a \\; ''\n");
	assert_warned("\"\\;\" does not begin a word");
	compose(V3 "    command: a '' b\n");
	assert_warned("'' is no argument");
	compose(V2 "    command: 'a #b'\n");
	assert_warned("\"#\" begins a comment: \"#b\"");
	assert_refused(V3 "    command: 'a\\'\n", "a quotation does not end");
}

/* As ecs-cli's readers of the two versions do it. */
static void test_numbers_and_names_as_ecs_cli_reads_them(void **state)
{
	(void)state;
	compose(V2 "    environment: {A: 1.5e+9, B: 12345678.25, C: 1.0e-5, D: 1.50}\n");
	assert_member("environment",
	    "[{'name':'A','value':'1500000000'},{'name':'B','value':'12345678.25'},"
	    "{'name':'C','value':'0.00001'},{'name':'D','value':'1.5'}]");
	compose(V3 "    environment: {A: 1.5e+9}\n");
	assert_member("environment", "[{'name':'A','value':'1.5e+09'}]");
	compose(V3 "    healthcheck: {test: x, interval: 0s, timeout: 500ms}\n");
	assert_member("healthCheck", "{'command':['CMD-SHELL','x'],'interval':0,'timeout':0}");
	assert_warned("interval 0: ECS takes 5 to 300");
	compose(SPEC "    healthcheck: {test: x, interval: 0s}\n");
	assert_member("healthCheck", "{'command':['CMD-SHELL','x']}");
	file("one.env", "A=1\nD\n");
	compose(V3 "    env_file: one.env\n");
	assert_member("environment", "[{'name':'A','value':'1'}]");
	assert_warned("one.env:2: D: left out as ecs-cli does");
	compose(V2 "    env_file: one.env\n");
	assert_member("environment", "[{'name':'A','value':'1'},{'name':'D','value':''}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_commands),
	    CASE(test_commands_as_ecs_cli_splits_them),
	    CASE(test_numbers_and_names_as_ecs_cli_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
