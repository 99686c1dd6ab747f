/*
 * How are the streams of a file found? From the task's or service's task definitions by
 * placement.h; a stream's owner is looked up by the task id in its name, once.
 */
#include "cache/logs/streams.h"

#include "backend/base/cleanup.h"
#include "backend/base/epoch.h"
#include "cache/answer.h"
#include "cache/logs/placement.h"
#include "cache/moment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ECS remembers a stopped task for an hour at least; a younger line of an unknown task is not ours. */
#define ECS_MEMORY_MS ((int64_t)50 * 60 * 1000)
#define OWNER_AGAIN_MS 30000
#define LABEL_ID 8 /* of 32 hexadecimal digits */

static void source_free(struct source *s)
{
	free(s->group);
	free(s->region);
	free(s->pattern);
	free(s->task);
}

void sources_release(struct sources *s)
{
	for (size_t i = 0; i < s->count; i++)
		source_free(&s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

void members_release(struct members *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->v[i].stream);
	free(m->v);
	memset(m, 0, sizeof(*m));
}

static int reserve(void **array, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return 0;
	grown = realloc(*array, (*room ? *room * 2 : 8) * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*room = *room ? *room * 2 : 8;
	return 0;
}

/* Adds a source unless it is there; `pattern` is stolen, NULL: out of memory. */
static int source_add(struct logfile *f, struct sources *ret, const struct placement *conf,
    char *pattern, const char *task, bool exact, double created)
{
	const char *region = conf->region ? conf->region : region_name_peek(f->region);
	auto_free char *owned = pattern;
	struct source *s;

	if (!owned)
		return -ENOMEM;
	for (size_t i = 0; i < ret->count; i++) {
		s = &ret->v[i];
		if (strcmp(s->group, conf->group) == 0 && strcmp(s->region, region) == 0 &&
		    strcmp(s->pattern, owned) == 0) {
			if (created * 1000 < (double)s->base_ms)
				s->base_ms = epoch_ms(created, 0);
			return 0;
		}
	}
	if (reserve((void **)&ret->v, ret->count, &ret->room, sizeof(*ret->v)) < 0)
		return -ENOMEM;
	s = &ret->v[ret->count++];
	*s = (struct source){.group = strdup(conf->group),
	    .region = strdup(region),
	    .pattern = move_ptr(owned),
	    .task = task ? strdup(task) : NULL,
	    .exact = exact,
	    .base_ms = epoch_ms(created, 0)};
	return s->group && s->region && !s->task == !task ? 0 : -ENOMEM;
}

static int get(struct logfile *f, enum kind kind, const char *a, const char *b, struct answer *ret,
    struct ecsfs_error *err)
{
	struct key k = {.kind = kind, .a = a, .b = b};
	struct freshness fresh = region_fresh(f->region);
	int r;

	fresh.stop = f->stop;
	r = region_get(f->region, &k, &fresh, ret, err);
	return r < 0 ? r : ret->err;
}

/* The cached answer of any age, else AWS's: for objects that never change. */
static int get_constant(struct logfile *f, enum kind kind, const char *a, const char *b,
    struct answer *ret, struct ecsfs_error *err)
{
	struct key k = {.kind = kind, .a = a, .b = b};

	if (region_peek(f->region, &k, NULL, ret) == 0 && ret->value)
		return 0;
	answer_release(ret);
	return get(f, kind, a, b, ret, err);
}

/* The document of the task definition that an ARN or FAMILY:REVISION names. */
static int get_taskdef(
    struct logfile *f, const char *arn, struct answer *ret, struct ecsfs_error *err)
{
	const char *slash = arn ? strrchr(arn, '/') : NULL;
	auto_free char *family = arn ? strdup(slash ? slash + 1 : arn) : NULL;
	char *colon = family ? strrchr(family, ':') : NULL;

	if (!colon)
		return ecsfs_error_set(err, ENOENT, NULL, "the task names no task definition");
	*colon = '\0';
	return get_constant(f, KIND_TASK_DEFINITION, family, colon + 1, ret, err);
}

static const char *text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static double number(const json_t *object, const char *member)
{
	return json_number_value(json_object_get(object, member));
}

/* The sources of a task of this definition. */
static int task_sources(struct logfile *f, const json_t *task, const char *id, struct sources *ret,
    struct ecsfs_error *err)
{
	auto_answer struct answer taskdef = {0};
	struct placement conf;
	char *stream;
	int r = get_taskdef(f, text(task, "taskDefinitionArn"), &taskdef, err);

	if (r < 0)
		return r;
	r = placement_find(taskdef.value, f->container, &conf);
	if (r < 0)
		return ecsfs_error_set(
		    err, ENOENT, NULL, "container %s does not log with awslogs", f->container);
	stream = placement_stream(&conf, f->container, id, task);
	if (!stream)
		return 0;
	return source_add(f, ret, &conf, stream, id, true, number(task, "createdAt"));
}

typedef int (*task_fn)(
    struct logfile *f, const json_t *task, const char *id, void *arg, struct ecsfs_error *err);

/* Every task of the service that ECS knows, of one desired status. */
static int each_task(
    struct logfile *f, enum kind kind, task_fn fn, void *arg, struct ecsfs_error *err)
{
	auto_answer struct answer names = {0};
	size_t i;
	json_t *name;
	int r = get(f, kind, f->cluster, f->service, &names, err);

	if (r < 0)
		return r;
	json_array_foreach (names.value, i, name) {
		auto_answer struct answer task = {0};
		const char *id = json_string_value(name);

		r = get_constant(f, KIND_TASK, f->cluster, id, &task, err);
		if (r == 0)
			r = fn(f, task.value, id, arg, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int each_known_task(struct logfile *f, task_fn fn, void *arg, struct ecsfs_error *err)
{
	int r = each_task(f, KIND_SERVICE_TASKS, fn, arg, err);

	return r < 0 ? r : each_task(f, KIND_SERVICE_STOPPED_TASKS, fn, arg, err);
}

static int add_task_source(
    struct logfile *f, const json_t *task, const char *id, void *arg, struct ecsfs_error *err)
{
	return task_sources(f, task, id, arg, err);
}

/* The source of a service's tasks of one definition. */
static int definition_source(struct logfile *f, const char *arn, double created,
    struct sources *ret, bool *ret_found, struct ecsfs_error *err)
{
	auto_answer struct answer taskdef = {0};
	struct placement conf;
	char *pattern = NULL;
	int r = arn ? get_taskdef(f, arn, &taskdef, err) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (placement_find(taskdef.value, f->container, &conf) < 0)
		return 0;
	*ret_found = true;
	if (conf.stream)
		return source_add(f, ret, &conf, strdup(conf.stream), NULL, true, created);
	if (!conf.prefix)
		return each_known_task(f, add_task_source, ret, err);
	if (asprintf(&pattern, "%s/%s/", conf.prefix, f->container) < 0)
		pattern = NULL;
	return source_add(f, ret, &conf, pattern, NULL, false, created);
}

static int definitions_of(struct logfile *f, const json_t *array, struct sources *ret, bool *found,
    struct ecsfs_error *err)
{
	size_t i;
	json_t *d;
	int r = 0;

	json_array_foreach (array, i, d)
		if (r == 0)
			r = definition_source(
			    f, text(d, "taskDefinition"), number(d, "createdAt"), ret, found, err);
	return r;
}

/* A stopped task may use a definition that no deployment names any more. */
static int add_stopped_definition(
    struct logfile *f, const json_t *task, const char *id, void *arg, struct ecsfs_error *err)
{
	bool found;

	(void)id;
	return definition_source(
	    f, text(task, "taskDefinitionArn"), number(task, "createdAt"), arg, &found, err);
}

static int service_sources(
    struct logfile *f, bool first, struct sources *ret, struct ecsfs_error *err)
{
	auto_answer struct answer service = {0};
	bool found = false;
	int r = get(f, KIND_SERVICE, f->cluster, f->service, &service, err);

	if (r < 0)
		return r;
	r = definitions_of(f, json_object_get(service.value, "deployments"), ret, &found, err);
	if (r == 0)
		r = definitions_of(f, json_object_get(service.value, "taskSets"), ret, &found, err);
	if (r == 0)
		r = definition_source(f, text(service.value, "taskDefinition"),
		    number(service.value, "createdAt"), ret, &found, err);
	if (r < 0)
		return r;
	if (!found)
		return ecsfs_error_set(
		    err, ENOENT, NULL, "container %s does not log with awslogs", f->container);
	return first ? each_task(f, KIND_SERVICE_STOPPED_TASKS, add_stopped_definition, ret, err)
		     : 0;
}

int streams_find(struct logfile *f, bool first, struct sources *ret, struct ecsfs_error *err)
{
	auto_answer struct answer task = {0};
	int r;

	if (f->service)
		return service_sources(f, first, ret, err);
	r = get(f, KIND_TASK, f->cluster, f->task, &task, err);
	return r < 0 ? r : task_sources(f, task.value, f->task, ret, err);
}

/* The streams of one source, as streams_of_tasks gathers them. */
struct gathering {
	const struct source *source;
	struct members *members;
};

static int gather_stream(
    struct logfile *f, const json_t *task, const char *id, void *arg, struct ecsfs_error *err)
{
	struct gathering *g = arg;
	auto_sources struct sources own = {0};
	struct members *m = g->members;
	size_t len = strlen(g->source->pattern);
	int r = task_sources(f, task, id, &own, err);

	if (r < 0 || !own.count || strcmp(own.v[0].group, g->source->group) != 0 ||
	    strcmp(own.v[0].region, g->source->region) != 0 ||
	    strncmp(own.v[0].pattern, g->source->pattern, len) != 0)
		return r;
	if (reserve((void **)&m->v, m->count, &m->room, sizeof(*m->v)) < 0)
		return -ENOMEM;
	m->v[m->count++] = (struct member){move_ptr(own.v[0].pattern), number(task, "createdAt")};
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->created < y->created ? 1 : x->created > y->created ? -1 : 0;
}

int streams_of_tasks(
    struct logfile *f, const struct source *s, struct members *ret, struct ecsfs_error *err)
{
	struct gathering g = {s, ret};
	int r = each_known_task(f, gather_stream, &g, err);

	if (r == 0 && ret->count)
		qsort(ret->v, ret->count, sizeof(*ret->v), newest_first);
	return r;
}

/* Whether the task is the service's: 1, 0, or a failure to find out. */
static int task_is_ours(
    struct logfile *f, const char *id, int64_t event_ms, struct ecsfs_error *err)
{
	auto_answer struct answer task = {0};
	const char *group;
	int r;

	if (strchr(id, '/') || !region_name_valid(KIND_TASK, id))
		return 0;
	r = get_constant(f, KIND_TASK, f->cluster, id, &task, err);
	if (r == -ENOENT)
		return event_ms < f->logs->aws_now(region_client_peek(f->region)) - ECS_MEMORY_MS;
	/* Without ecs:DescribeTasks the owner is unknown: show the stream. */
	if (r < 0)
		return r == -EACCES ? 1 : r;
	group = text(task.value, "group");
	return group && strncmp(group, "service:", 8) == 0 && strcmp(group + 8, f->service) == 0;
}

static bool owner_is_fresh(struct logfile *f, const struct logstream *s)
{
	int64_t age = clock_mono(f->logs->options.clock) - s->owner_asked_ms;

	return s->owner == STREAM_OURS || (s->owner == STREAM_NOT_OURS && age < OWNER_AGAIN_MS);
}

int streams_find_owner(struct logfile *f, const struct source *source,
    const struct logscan_text *stream, uint64_t hash, int64_t event_ms, struct ecsfs_error *err)
{
	size_t skip = source->exact ? stream->len : strlen(source->pattern);
	auto_free char *id = source->exact ? (source->task ? strdup(source->task) : strdup(""))
					   : strndup(stream->data + skip, stream->len - skip);
	struct logstream *s;
	bool known;
	int ours;

	pthread_mutex_lock(&f->lock);
	s = logfile_stream(f, stream->data, stream->len, hash);
	known = s && owner_is_fresh(f, s);
	pthread_mutex_unlock(&f->lock);
	if (known)
		return 0;
	if (!s || !id)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	ours = source->exact ? 1 : task_is_ours(f, id, event_ms, err);
	if (ours < 0)
		return ours;
	pthread_mutex_lock(&f->lock);
	s->owner = ours ? STREAM_OURS : STREAM_NOT_OURS;
	s->owner_asked_ms = clock_mono(f->logs->options.clock);
	if (*id)
		snprintf(s->label, sizeof(s->label), "%.*s ", LABEL_ID, id);
	pthread_mutex_unlock(&f->lock);
	return 0;
}

struct logs_door source_door(const struct logfile *f, const struct source *s)
{
	return (struct logs_door){region_client_peek(f->region), s->region, f->logs->call, f->stop};
}
