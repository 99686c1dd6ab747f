/*
 * What does .ecsfs/api/SERVICE/ACTION do? It takes any action of the services that speak JSON: a
 * request is written and its response read on the same open file, as they are on the wire.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/service.h"
#include "fs/edit/remembered/memory.h"
#include "fs/state.h"
#include "fs/tree/control/actions.h"
#include "fs/tree/tree.h"
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

/* AWS has newer actions than any list, so unknown ones are sent. */
static int find_action(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	(void)q;
	(void)p;
	(void)err;
	return 0;
}

static void answer_key(const struct place *p, struct buf *out)
{
	buf_addf(out, "answer of %s %s", p->api_service, p->name);
}

/* The last answer of the action, for a reader of another open file than the request's. */
static int render_answer(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *text = NULL;

	(void)q;
	(void)row;
	answer_key(p, &key);
	text = memory_get(p->fs->memory, buf_str(&key));
	if (json_is_null(text))
		return ecsfs_error_set(err, EFBIG, NULL,
		    "the last response exceeds %zu bytes: read it on the open file that the "
		    "request is written to",
		    LIMIT_KEPT_ANSWER);
	if (text)
		buf_adds(out, json_string_value(text));
	return 0;
}

static int give_answer(struct commit *c, const json_t *answer)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE), lines = BUF_INIT(2 * LIMIT_RESPONSE);
	auto_free char *text = json_dumps(answer, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	json_auto_t *kept = NULL;

	buf_addf(&lines, "%s\n", text ? text : "");
	if (!text || buf_failed(&lines))
		return -ENOMEM;
	buf_add(c->answer, lines.data, lines.len);
	kept = lines.len <= LIMIT_KEPT_ANSWER ? json_string(lines.data) : json_null();
	answer_key(c->place, &key);
	if (kept)
		memory_put(c->place->fs->memory, buf_str(&key), kept);
	return 0;
}

static int commit_action(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	bool reads = aws_action_reads(p->api_service, p->name);
	json_auto_t *request = NULL, *answer = NULL;
	int e = value_parse_document(c->text, c->len, false, &request, err);

	if (e)
		return e;
	e = act_call(c, p->api_service, p->name, request, reads ? 0 : AWS_ONCE, &answer, err);
	/* Which answers the call changed is unknown here. */
	if (!reads)
		fs_refresh(p->fs);
	return e || !answer ? e : give_answer(c, answer);
}

static const struct row row_action = {
    .help = "write a JSON request and read the response on the same open file; later reads give "
	    "the last response",
    .form = ROW_DIALOG,
    .render = render_answer,
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
    .what = "a service",
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
