/*
 * .ecsfs/api/SERVICE/ACTION: any action of the services that speak JSON. A request is written and
 * its answer read on the same open file, as they are on the wire.
 */
#include "fs/tree/write.h"

#include "backend/base/cleanup.h"
#include "backend/service.h"
#include "fs/edit/actions.h"
#include "fs/value.h"

#include <errno.h>

static int list_services(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)q;
	(void)p;
	(void)err;
	for (size_t i = 0; action_service_at(i); i++)
		if (json_array_append_new(names, json_string(action_service_at(i))))
			return -ENOMEM;
	return 0;
}

static bool is_service(const char *name)
{
	return actions_of(name) != NULL;
}

static int list_actions(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	for (const char *const *action = actions_of(p->api_service); action && *action; action++)
		if (json_array_append_new(names, json_string(*action)))
			return -ENOMEM;
	return 0;
}

/* AWS has newer actions than any list: it judges. */
static int find_action(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	(void)q;
	(void)p;
	(void)err;
	return 0;
}

static int commit_action(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	bool reads = aws_action_reads(p->api_service, p->name);
	json_auto_t *request = NULL, *answer = NULL;
	auto_free char *text = NULL;
	int e = value_parse_document(c->text, c->len, false, &request, err);

	if (e)
		return e;
	e = act_call(c, p->api_service, p->name, request, reads ? 0 : AWS_ONCE, &answer, err);
	/* What it changed is not known here. */
	if (!reads)
		fs_refresh(p->fs);
	if (e || !answer)
		return e;
	text = json_dumps(answer, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	if (!text)
		return -ENOMEM;
	if (c->answer)
		buf_addf(c->answer, "%s\n", text);
	return 0;
}

static const struct row row_action = {
    .help = "write a JSON request, read the answer on the same open file",
    .form = ROW_DIALOG,
    .commit = commit_action,
};

static const struct listing actions = {
    .names = list_actions,
    .find = find_action,
    .row = &row_action,
    .part = PLACE(name),
    .valid = action_name_valid,
};

static const struct dir_type dir_api_service = {
    .what = "the actions",
    .help = "the actions of a service",
    .listing = &actions,
};

static const struct listing services = {
    .names = list_services,
    .type = &dir_api_service,
    .part = PLACE(api_service),
    .valid = is_service,
};

const struct dir_type dir_api = {
    .what = "the API",
    .help = "AWS's own actions, for what the tree does not model",
    .listing = &services,
};
