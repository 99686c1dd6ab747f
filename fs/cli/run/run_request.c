/*
 * How is the RunTask request of `ecsfs run` put together? Definition, network and overrides are
 * read through the mount, the request is written to run_task, and the response read from the same
 * open file.
 */
#include "fs/cli/run/run_request.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/cli/exec/talk.h"
#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static int refuse(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the message, or with fmt NULL the mount's failure of `path`. */
static int refuse(const char *path, const char *fmt, ...)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);
	int e = errno;
	va_list ap;

	fputs("ecsfs run: ", stderr);
	if (fmt) {
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
	} else {
		talk_complaint(path, e, &text);
		fprintf(stderr, "%s: %s", path, buf_str(&text));
	}
	fputc('\n', stderr);
	return RUN_NOT_STARTED;
}

static bool is_absent(int e)
{
	return e == ENOENT || e == ENOTDIR;
}

int run_read_value(const char *dir, const char *name, char *ret, size_t size)
{
	auto_free char *path = NULL;
	auto_fclose FILE *f = NULL;

	*ret = '\0';
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	errno = 0;
	if (!fgets(ret, (int)size, f) && ferror(f))
		return errno ? -errno : -EIO;
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

static json_t *load(const char *dir, const char *name, char **ret_path)
{
	json_t *json = NULL;
	FILE *f;

	if (asprintf(ret_path, "%s/%s", dir, name) < 0) {
		*ret_path = NULL;
		return NULL;
	}
	f = fopen(*ret_path, "re");
	if (!f)
		return NULL;
	errno = 0;
	json = json_loadf(f, 0, NULL);
	if (!json && !errno)
		errno = EIO;
	fclose(f);
	return json;
}

/* The definition's document: FAMILY, FAMILY:REVISION or an ARN, from the mount's own tree. */
static json_t *load_definition(const struct run_wish *w, char **ret_path)
{
	const char *name = value_arn_name(w->definition), *colon = strchr(name, ':');
	auto_free char *dir = NULL;
	int family = (int)(colon ? colon - name : (ssize_t)strlen(name));

	if (asprintf(&dir, "%s/../../task_definitions/%.*s/%s", w->cluster_dir, family, name,
		colon ? colon + 1 : "latest") < 0)
		return NULL;
	return load(dir, "task_definition.json", ret_path);
}

/* The container to which -e, the command and the exit code belong. */
static int choose_container(const struct run_wish *w, const json_t *definition, const char **ret)
{
	const json_t *all = json_object_get(definition, "containerDefinitions"), *one;
	size_t i;

	*ret = w->container;
	if (w->container && !doc_find_peek(all, "name", w->container))
		return refuse(
		    NULL, "--container: the task definition has no container \"%s\"", w->container);
	json_array_foreach (all, i, one)
		if (!*ret && !json_is_false(json_object_get(one, "essential")))
			*ret = doc_string_peek(one, "name");
	if (!*ret && (w->command_count || w->variable_count))
		return refuse(NULL,
		    "the task definition has no essential container: name the container of the "
		    "command with --container");
	return 0;
}

static int add_variables(const struct run_wish *w, json_t *override)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->variable_count; i++) {
		const char *text = w->variables[i], *equals = strchr(text, '=');
		json_t *one = json_pack(
		    "{s:s%, s:s}", "name", text, (int)(equals - text), "value", equals + 1);

		if (!one)
			return refuse(NULL, "-e %s: it is not UTF-8", text);
		json_array_append_new(list, one);
	}
	json_object_set_new(override, "environment", list);
	return 0;
}

static int add_command(const struct run_wish *w, json_t *override)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->command_count; i++)
		if (json_array_append_new(list, json_string(w->command[i])))
			return refuse(NULL, "the command is not UTF-8");
	json_object_set_new(override, "command", list);
	return 0;
}

static int add_overrides(const struct run_wish *w, const char *container, json_t *request)
{
	json_t *overrides = json_object();
	json_t *override = json_pack("{s:s*}", "name", container);
	int status = 0;

	json_object_set_new(request, "overrides", overrides);
	json_object_set_new(overrides, "containerOverrides", json_pack("[o]", override));
	if (w->variable_count)
		status = add_variables(w, override);
	if (!status && w->command_count)
		status = add_command(w, override);
	if (!w->variable_count && !w->command_count)
		json_object_del(overrides, "containerOverrides");
	if (w->cpu)
		json_object_set_new(overrides, "cpu", json_string(w->cpu));
	if (w->memory)
		json_object_set_new(overrides, "memory", json_string(w->memory));
	if (!json_object_size(overrides))
		json_object_del(request, "overrides");
	return status;
}

/* The members that people copy by hand from the service that the task belongs to. */
static int add_network(const struct run_wish *w, json_t *request)
{
	auto_free char *path = NULL;
	json_auto_t *service = load(w->network_from, "service.json", &path);
	const json_t *strategy = doc_peek(service, "capacityProviderStrategy");
	static const char *const members[] = {
	    "networkConfiguration", "platformVersion", "enableExecuteCommand"};

	if (!service && is_absent(errno))
		return refuse(NULL,
		    "--network-from: %s is not the directory of a service "
		    "(clusters/CLUSTER/services/NAME of a mount)",
		    w->network_from);
	if (!service)
		return refuse(path ? path : "", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (doc_peek(service, members[i]))
			doc_set(request, members[i], doc_peek(service, members[i]));
	if (json_array_size(strategy) > 0)
		return doc_set(request, "capacityProviderStrategy", strategy);
	if (doc_peek(service, "launchType"))
		doc_set(request, "launchType", doc_peek(service, "launchType"));
	return 0;
}

static int make_request(const struct run_wish *w, json_t **ret, char **ret_container)
{
	auto_free char *path = NULL;
	json_auto_t *definition = load_definition(w, &path);
	json_auto_t *request = json_pack("{s:s}", "taskDefinition", w->definition);
	const char *container = NULL;
	int status;

	if (!definition && is_absent(errno))
		return refuse(NULL,
		    "there is no task definition \"%s\": expected FAMILY, FAMILY:REVISION or an "
		    "ARN",
		    w->definition);
	if (!definition || !request)
		return refuse(path ? path : w->definition, NULL);
	status = choose_container(w, definition, &container);
	if (!status)
		status = add_overrides(w, container, request);
	if (!status && w->network_from)
		status = add_network(w, request);
	if (status)
		return status;
	*ret_container = w->container || w->command_count ? strdup(container) : NULL;
	*ret = json_incref(request);
	return 0;
}

/* Writes the request and reads the answer on the same open file. */
static int send(const char *path, const json_t *request, json_t **ret)
{
	auto_free char *text = json_dumps(request, JSON_INDENT(2));
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC);
	auto_buf struct buf answer = BUF_INIT(LIMIT_RESPONSE);
	char bytes[65536];
	ssize_t n;

	if (fd < 0 || !text || write(fd, text, strlen(text)) < 0)
		return refuse(path, NULL);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(&answer, bytes, (size_t)n);
	if (n < 0)
		return refuse(path, NULL);
	if (!answer.len)
		return refuse(NULL,
		    "%s: the mount has dry_run: the request was checked and journalled, and no "
		    "task "
		    "was started",
		    path);
	*ret = json_loadb(buf_str(&answer), answer.len, 0, NULL);
	return *ret ? 0 : refuse(NULL, "%s: the response of RunTask cannot be read", path);
}

int run_start(const struct run_wish *w, char **ret_task_dir, char **ret_container)
{
	json_auto_t *request = NULL, *answer = NULL;
	auto_free char *path = NULL;
	const char *arn;
	int status;

	if (asprintf(&path, "%s/run_task", w->cluster_dir) < 0)
		return RUN_NOT_STARTED;
	if ((access(path, F_OK) && is_absent(errno)) || !talk_in_mount(path))
		return refuse(NULL,
		    "%s is not the directory of a cluster (clusters/NAME of a mount)",
		    w->cluster_dir);
	status = make_request(w, &request, ret_container);
	if (!status)
		status = send(path, request, &answer);
	if (status)
		return status;
	arn = doc_string_peek(json_array_get(json_object_get(answer, "tasks"), 0), "taskArn");
	if (!*arn || asprintf(ret_task_dir, "%s/tasks/%s", w->cluster_dir, value_arn_name(arn)) < 0)
		return refuse(NULL, "%s: RunTask started no task", path);
	fprintf(stderr, "ecsfs run: %s\n", *ret_task_dir);
	return 0;
}
