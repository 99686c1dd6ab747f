/*
 * How are a task definition and the caller's identity fetched? DescribeTaskDefinition and
 * GetCallerIdentity answer one key a call.
 */
#include "cache/fetch/task_definition.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A new document: the taskDefinition of the response, with the tags beside it. */
static json_t *document_of(const json_t *answer)
{
	json_t *tags = json_object_get(answer, "tags");
	json_t *doc = json_copy(json_object_get(answer, "taskDefinition"));

	if (json_is_object(doc))
		json_object_set_new(doc, "tags", tags ? json_incref(tags) : json_array());
	return doc;
}

/* By the ARN, or where there is none by the family and revision that the document names. */
static bool is_about(const struct key *k, const json_t *doc)
{
	const char *family = json_string_value(json_object_get(doc, "family"));
	char name[LIMIT_NAME + 32];

	if (!json_is_object(doc))
		return false;
	if (json_object_get(doc, kind_row(k->kind)->id))
		return key_names(k, doc);
	snprintf(name, sizeof(name), "%s:%" JSON_INTEGER_FORMAT, family ? family : "",
	    json_integer_value(json_object_get(doc, "revision")));
	return key_is_arn(k, name);
}

static int describe(struct fetch *f, const char *name, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *body = fetch_body(f);
	json_auto_t *answer = NULL;
	int rc;

	json_object_set_new(body, fetch_row(f)->keys, json_string(name));
	rc = fetch_row_call(f, body, &answer, err);
	if (rc < 0)
		return rc;
	*ret = document_of(answer);
	if (is_about(f->items[0].key, *ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return ecsfs_error_not_aws(err, "DescribeTaskDefinition", "it is not about %s", name);
}

int fetch_task_definition(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	char name[LIMIT_NAME + 16];
	json_t *doc = NULL;
	int rc;

	snprintf(name, sizeof(name), "%s:%s", k->a, k->b);
	rc = describe(f, name, &doc, err);
	if (rc == 0)
		fetch_answer(&f->items[0], doc);
	return rc;
}

int fetch_latest(struct fetch *f, struct ecsfs_error *err)
{
	const char *family = f->items[0].key->a;
	json_auto_t *doc = NULL;
	const char *status;
	char revision[24];
	int rc;

	rc = describe(f, family, &doc, err);
	if (rc < 0)
		return rc;
	status = json_string_value(json_object_get(doc, "status"));
	if (status && strcmp(status, "ACTIVE") != 0)
		return 0;
	snprintf(revision, sizeof(revision), "%" JSON_INTEGER_FORMAT,
	    json_integer_value(json_object_get(doc, "revision")));
	fetch_add_extra(f, &(struct key){.kind = KIND_TASK_DEFINITION, .a = family, .b = revision},
	    json_incref(doc));
	fetch_answer(&f->items[0], move_ptr(doc));
	return 0;
}

/* The object with an Account, at any depth of the response's XML. */
static json_t *caller_peek(json_t *answer)
{
	const char *member;
	json_t *inner;

	if (json_object_get(answer, "Account"))
		return answer;
	json_object_foreach (answer, member, inner) {
		json_t *found = caller_peek(inner);

		if (found)
			return found;
	}
	return NULL;
}

int fetch_caller(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *answer = NULL;
	json_t *caller;
	int rc;

	rc = fetch_row_call(f, NULL, &answer, err);
	if (rc < 0)
		return rc;
	caller = caller_peek(answer);
	if (!caller)
		return ecsfs_error_not_aws(err, "GetCallerIdentity", "it has no Account");
	fetch_answer(&f->items[0], json_incref(caller));
	return 0;
}
