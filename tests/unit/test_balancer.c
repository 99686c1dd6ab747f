/* Which target is which task, and where does a rule lead from? */
#include "fs/columns.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/around/target_match.h"
#include "fs/tree/around/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON with ' for ". */
static json_t *parse(const char *text)
{
	char copy[2048];
	json_t *json;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = json_loads(copy, 0, NULL);
	if (!json)
		fail_msg("no JSON: %s", text);
	return json;
}

#define TARGETS                                                                                    \
	"[{'id':'10.0.0.1','port':'80','state':'healthy','task':''},"                              \
	"{'id':'10.0.0.1','port':'81','state':'healthy','task':''},"                               \
	"{'id':'2001:db8::1','port':'80','state':'healthy','task':''},"                            \
	"{'id':'i-1','port':'32768','state':'healthy','task':''},"                                 \
	"{'id':'i-1','port':'32769','state':'healthy','task':''},"                                 \
	"{'id':'','port':'','state':'draining','task':''}]"

static void test_targets(void **state)
{
	static const struct {
		const char *task, *machine; /* NULL: it needs none */
		int found[5];		    /* ends with -1 */
	} rows[] = {
	    {"{'taskArn':'a/t','containers':[{'networkInterfaces':[{'privateIpv4Address':"
	     "'10.0.0.1'}]}]}",
		NULL, {0, 1, -1}},
	    {"{'taskArn':'a/t','containers':[{'networkInterfaces':[{'ipv6Address':"
	     "'2001:db8::1'}]}]}",
		NULL, {2, -1}},
	    {"{'taskArn':'a/t','attachments':[{'type':'ElasticNetworkInterface','details':[{'name':"
	     "'privateIPv4Address','value':'10.0.0.1'}]}]}",
		NULL, {0, 1, -1}},
	    {"{'taskArn':'a/t','containerInstanceArn':'c/1','containers':[{'networkBindings':[{"
	     "'hostPort':32769}]}]}",
		"i-1", {4, -1}},
	    {"{'taskArn':'a/t','containerInstanceArn':'c/1','containers':[{'networkBindings':[{"
	     "'hostPort':32769}]}]}",
		"i-2", {-1}},
	    {"{'taskArn':'a/t','containerInstanceArn':'c/1'}", NULL, {-1}},
	    {"{'taskArn':'a/t','containers':[{'networkInterfaces':[{'privateIpv4Address':''}]},7,"
	     "{'networkBindings':'x'}]}",
		NULL, {-1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_auto_t *targets = parse(TARGETS), *task = parse(rows[i].task);
		json_auto_t *by_id = target_match_begin(targets);
		const json_t *target;
		const int *found = rows[i].found;
		size_t j;

		target_match_address(by_id, task);
		assert_int_equal(target_match_needs_machine(by_id, task), rows[i].machine != NULL);
		if (rows[i].machine)
			target_match_machine(by_id, rows[i].machine, task);
		assert_false(target_match_done(targets));
		json_array_foreach (targets, j, target) {
			bool want = *found == (int)j;

			if (want != !strcmp(doc_string_peek(target, "task"), "t"))
				fail_msg("row %zu, target %zu", i, j);
			found += want;
		}
	}
}

static void test_done(void **state)
{
	json_auto_t *targets = parse("[{'id':'a','state':'healthy','task':'t'},"
				     "{'id':'b','state':'draining','task':''}]");

	(void)state;
	assert_true(target_match_done(targets));
}

/* Ten thousand targets and as many tasks are matched at once, not each with each. */
static void test_many(void **state)
{
	json_auto_t *targets = json_array(), *by_id = NULL;
	char address[32];

	(void)state;
	for (int i = 0; i < 10000; i++)
		json_array_append_new(targets,
		    json_pack("{s:o, s:s, s:s, s:s}", "id",
			json_sprintf("10.1.%d.%d", i / 250, i % 250), "port", "80", "state",
			"healthy", "task", ""));
	by_id = target_match_begin(targets);
	for (int i = 0; i < 10000; i++) {
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		json_auto_t *task = json_pack("{s:s, s:[{s:[{s:s}]}]}", "taskArn", "a/t",
		    "containers", "networkInterfaces", "privateIpv4Address", address);

		target_match_address(by_id, task);
	}
	assert_true(target_match_done(targets));
}

static void test_urls(void **state)
{
	static const struct {
		const char *listener, *rule, *want;
	} rows[] = {
	    {"{'Protocol':'HTTPS','Port':'443'}", NULL, "https://lb:443/\n"},
	    {"{'Protocol':'HTTPS','Port':'443'}", "{'Conditions':''}", "https://lb:443/\n"},
	    {"{'Protocol':'HTTP','Port':'80'}",
		"{'Conditions':[{'Field':'path-pattern','Values':['/a/*','/b']},{'Field':"
		"'host-header','Values':['x.example','*.y']}]}",
		"http://lb:80/a/*,/b  x.example,*.y\n"},
	    {"{'Protocol':'HTTP','Port':'80'}",
		"{'Conditions':[{'Field':'path-pattern','PathPatternConfig':{'Values':['/c']}},{"
		"'Field':'host-header','Values':'','HostHeaderConfig':{'Values':['z']}}]}",
		"http://lb:80/c  z\n"},
	    {"{'Protocol':'HTTP','Port':'80'}",
		"{'Conditions':[{'Field':'http-header'},{'Field':'source-ip'},7]}",
		"http://lb:80/  -  http-header,source-ip,\n"},
	    {"{'Protocol':'TCP_UDP','Port':'53'}", NULL, "tcp_udp://lb:53\n"},
	    {"{'Port':'6081'}", NULL, ""},
	    {"{}", "{'Conditions':7}", ""},
	};
	json_auto_t *balancer = parse("{'DNSName':'lb'}"), *none = json_object();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_auto_t *lines = json_array(), *listener = parse(rows[i].listener);
		json_auto_t *rule = rows[i].rule ? parse(rows[i].rule) : NULL;
		struct buf out = BUF_INIT(4096);

		url_add_line(lines, balancer, listener, rule);
		columns_render(lines, &out);
		assert_string_equal(buf_str(&out), rows[i].want);
		url_add_line(lines, none, listener, rule);
		assert_int_equal(json_array_size(lines), *rows[i].want != '\0');
		buf_release(&out);
	}
}

static void test_where_a_rule_leads(void **state)
{
	static const struct {
		const char *actions;
		bool leads;
	} rows[] = {
	    {"[{'Type':'forward','TargetGroupArn':'a'}]", true},
	    {"[{'Type':'forward','TargetGroupArn':'x'}]", false},
	    {"[{'Type':'authenticate-oidc'},{'Type':'forward','TargetGroupArn':'b'}]", true},
	    {"[{'ForwardConfig':{'TargetGroups':[{'TargetGroupArn':'x','Weight':'1'},"
	     "{'TargetGroupArn':'a','Weight':'9'}]}}]",
		true},
	    {"[{'ForwardConfig':{'TargetGroups':[{'TargetGroupArn':'x','Weight':'1'},"
	     "{'TargetGroupArn':'a','Weight':'0'}]}}]",
		false},
	    {"[{'TargetGroupArn':'a','ForwardConfig':{'TargetGroups':[{'TargetGroupArn':'a',"
	     "'Weight':'0'}]}}]",
		false},
	    {"[{'ForwardConfig':{'TargetGroups':[{'TargetGroupArn':'a','Weight':'0'},"
	     "{'TargetGroupArn':'b'}]}}]",
		true},
	    {"[{'TargetGroupArn':'a','ForwardConfig':''}]", true},
	    {"{}", false},
	};
	json_auto_t *groups = parse("['a','b']");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_auto_t *actions = parse(rows[i].actions);

		if (url_leads_to(groups, actions) != rows[i].leads)
			fail_msg("%s", rows[i].actions);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_targets),
	    cmocka_unit_test(test_done),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_where_a_rule_leads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
