/*
 * How is one key's call made? The body comes from the kind's row, is sent with the fetch's time
 * limit, and pages are joined until the list ends or a ceiling is reached.
 */
#include "cache/fetch/fetch.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The region, account and deadline of the fetch's calls. */
static int send(
    struct fetch *f, struct aws_request *rq, struct aws_response *ret, struct ecsfs_error *err)
{
	rq->region = f->region;
	rq->wanted = f->wanted;
	rq->stop = f->stop;
	if (f->wanted)
		rq->flags |= AWS_BACKGROUND;
	if (is_stopped(f->stop))
		return ecsfs_error_set(
		    err, EINTR, NULL, "%s: cancelled, since no reader waits for it", rq->action);
	if (f->deadline_ms) {
		rq->timeout_ms = f->deadline_ms - clock_mono(f->clock);
		if (rq->timeout_ms <= 0)
			return ecsfs_error_set(err, ETIMEDOUT, NULL,
			    "%s: no answer in time: try again (-o timeout)", rq->action);
	}
	return f->call(f->client, rq, ret, err);
}

int fetch_call(struct fetch *f, const char *service, const char *action, const json_t *body,
    json_t **ret, struct ecsfs_error *err)
{
	struct aws_request rq = {.service = service, .action = action, .body = body};
	struct aws_response rs = {0};
	int rc = send(f, &rq, &rs, err);

	if (rc < 0)
		return rc;
	*ret = json_incref(rs.json);
	aws_response_release(&rs);
	if (!json_is_object(*ret)) {
		json_decref(*ret);
		*ret = NULL;
		return ecsfs_error_not_aws(err, action, NULL);
	}
	return 0;
}

static const char *service_of(const struct kind_row *row)
{
	return row->service ? row->service : "ecs";
}

static int next_page(const struct kind_row *kind, json_t *body, const json_t *page, bool *ret_more,
    struct ecsfs_error *err)
{
	const struct aws_service *row = aws_service_find(service_of(kind));
	const char *in = row && row->page_in ? row->page_in : "nextToken";
	const char *out = row && row->page_out ? row->page_out : "nextToken";
	const char *token = json_string_value(json_object_get(page, out));
	const char *last = json_string_value(json_object_get(body, in));

	*ret_more = token && *token;
	if (!*ret_more)
		return 0;
	if (last && strcmp(last, token) == 0)
		return ecsfs_error_not_aws(err, kind->action, "its %s repeats", out);
	if (json_object_set_new(body, in, json_string(token)) < 0)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	return 0;
}

const struct kind_row *fetch_row(const struct fetch *f)
{
	return kind_row(f->items[0].key->kind);
}

json_t *fetch_body(const struct fetch *f)
{
	const char *request = fetch_row(f)->request;

	return request ? json_loads(request, 0, NULL) : json_object();
}

int fetch_row_call(struct fetch *f, const json_t *body, json_t **ret, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);

	return fetch_call(f, service_of(row), row->action, body, ret, err);
}

static int add_bytes(const char *bytes, size_t len, void *out)
{
	buf_add(out, bytes, len);
	return buf_failed(out) ? -1 : 0;
}

int fetch_row_text(struct fetch *f, const json_t *body, struct buf *ret, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	struct aws_request rq = {
	    .service = service_of(row), .action = row->action, .body = body, .flags = AWS_TEXT};
	struct aws_response rs = {0};
	int rc = send(f, &rq, &rs, err);

	if (rc < 0)
		return rc;
	*ret = rs.raw;
	rs.raw = BUF_INIT(0);
	/* A scripted AWS (in tests) returns trees. */
	if (rs.json) {
		*ret = BUF_INIT(16 * LIMIT_RESPONSE);
		json_dump_callback(rs.json, add_bytes, ret, JSON_COMPACT);
	}
	aws_response_release(&rs);
	if (*buf_str(ret) == '{')
		return 0;
	buf_release(ret);
	return ecsfs_error_not_aws(err, row->action, NULL);
}

/* Adds a page's elements. AWS sends even an empty list ("" in XML): a response without one is not
 * AWS's. */
static int add_elements(json_t *all, const json_t *page, const char *member)
{
	const json_t *list = json_object_get(page, member);

	if (json_is_string(list) && json_string_length(list) == 0)
		return 0;
	return json_array_extend(all, (json_t *)list);
}

int fetch_row_some_pages(struct fetch *f, int most_pages, json_t *body, json_t **ret,
    bool *ret_more, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	json_auto_t *all = json_array();
	bool more = true;

	for (int pages = 0; more && pages < most_pages; pages++) {
		json_auto_t *page = NULL;
		int rc = fetch_row_call(f, body, &page, err);

		if (rc == 0)
			rc = next_page(row, body, page, &more, err);
		if (rc < 0)
			return rc;
		if (add_elements(all, page, row->answers) < 0)
			return ecsfs_error_not_aws(err, row->action, "it has no %s", row->answers);
	}
	*ret = move_ptr(all);
	*ret_more = more;
	return 0;
}

int fetch_row_pages(struct fetch *f, json_t *body, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *all = NULL;
	bool more;
	int rc = fetch_row_some_pages(f, LIMIT_PAGES, body, &all, &more, err);

	if (rc == 0 && more)
		rc = ecsfs_error_set(
		    err, EIO, NULL, "%s: more than %d pages", fetch_row(f)->action, LIMIT_PAGES);
	if (rc == 0)
		*ret = move_ptr(all);
	return rc;
}

int fetch_elements(struct fetch *f, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	const struct key *k = f->items[0].key;
	json_auto_t *body = fetch_body(f);
	json_auto_t *docs = NULL;
	int rc;

	if (k->b)
		json_object_set_new(body, "cluster", json_string(k->a));
	if (row->keys)
		json_object_set_new(body, row->keys, json_string(k->b ? k->b : k->a));
	rc = fetch_row_pages(f, body, &docs, err);
	if (rc == 0)
		fetch_answer(&f->items[0],
		    row->newest ? docs_newest_first(docs, row->newest) : json_incref(docs));
	return rc;
}

void fetch_answer(struct fetch_item *it, json_t *value)
{
	json_decref(it->value);
	packed_unref(it->packed);
	it->packed = NULL;
	it->value = value;
	it->err = value ? 0 : -ENOMEM;
	free(it->words);
	it->words = NULL;
}

void fetch_answer_text(struct fetch_item *it, struct packed *text)
{
	fetch_answer(it, NULL);
	it->packed = text;
	it->err = text ? 0 : -ENOMEM;
}

void fetch_refuse(struct fetch_item *it, const struct ecsfs_error *why)
{
	fetch_answer(it, NULL);
	it->err = why->err ? -why->err : -EIO;
	it->words = malloc(sizeof(*it->words));
	if (it->words)
		*it->words = *why;
}

void fetch_add_extra(struct fetch *f, const struct key *k, json_t *value)
{
	struct fetch_extra *x = calloc(1, sizeof(*x) + key_strings_size(k));

	if (!x || !value) {
		json_decref(value);
		free(x);
		return;
	}
	x->value = value;
	key_copy(&x->key, k, (char *)(x + 1));
	STAILQ_INSERT_TAIL(&f->extras, x, link);
}

void fetch_pack(struct fetch *f)
{
	struct fetch_extra *x;

	for (size_t i = 0; i < f->n; i++) {
		if (f->items[i].value && !f->items[i].packed)
			f->items[i].packed = packed_new(f->items[i].value);
	}
	STAILQ_FOREACH (x, &f->extras, link) {
		if (!x->packed)
			x->packed = packed_new(x->value);
	}
}

void fetch_release(struct fetch *f)
{
	struct fetch_extra *x;

	for (size_t i = 0; i < f->n; i++) {
		json_decref(f->items[i].value);
		packed_unref(f->items[i].packed);
		free(f->items[i].words);
	}
	while ((x = STAILQ_FIRST(&f->extras))) {
		STAILQ_REMOVE_HEAD(&f->extras, link);
		json_decref(x->value);
		packed_unref(x->packed);
		free(x);
	}
}

const char *fetch_string_peek(const json_t *doc, const char *member)
{
	const char *s = json_string_value(json_object_get(doc, member));

	return s ? s : "";
}

const char *arn_name_peek(const char *arn)
{
	const char *slash = strrchr(arn, '/');
	const char *colon = strrchr(arn, ':');

	if (slash)
		return slash + 1;
	return colon ? colon + 1 : arn;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *names_sorted(const json_t *strings)
{
	size_t n = json_array_size(strings), used = 0;
	json_t *result = json_array();
	auto_free const char **sorted = result ? calloc(n + 1, sizeof(*sorted)) : NULL;

	if (!sorted)
		return result;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(strings, i));

		if (s && *s)
			sorted[used++] = s;
	}
	qsort(sorted, used, sizeof(*sorted), compare_strings);
	for (size_t i = 0; i < used; i++) {
		if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
			json_array_append_new(result, json_string(sorted[i]));
	}
	return result;
}

json_t *arn_names(const json_t *arns)
{
	json_auto_t *names = json_array();
	const json_t *arn;
	size_t i;

	json_array_foreach (arns, i, arn) {
		if (json_is_string(arn))
			json_array_append_new(
			    names, json_string(arn_name_peek(json_string_value(arn))));
	}
	return names_sorted(names);
}

/* A document on its way to its place. */
struct moved {
	json_t *doc;
	double at;
	size_t order; /* among documents of one time */
};

static int newer_first(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? 1 : -1;
	return x->order < y->order ? -1 : 1;
}

json_t *docs_newest_first(const json_t *docs, const char *time)
{
	size_t n = json_array_size(docs);
	auto_free struct moved *moved = calloc(n + 1, sizeof(*moved));
	json_t *sorted = json_array();

	for (size_t i = 0; moved && i < n; i++) {
		json_t *doc = json_array_get(docs, i);

		moved[i] = (struct moved){doc, json_number_value(json_object_get(doc, time)), i};
	}
	if (moved)
		qsort(moved, n, sizeof(*moved), newer_first);
	for (size_t i = 0; moved && i < n; i++)
		json_array_append(sorted, moved[i].doc);
	return sorted;
}
