#include "fs/tree/findings.h"

#include "backend/base/cleanup.h"
#include "fs/edit/doc.h"
#include "fs/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * AWS's sentences ("Stopped tasks error messages", "Service event messages", "Task state change"),
 * and what they mean. A sentence is what the first row says whose words it has: `words` are all
 * needed, separated by '&'; each may have alternatives, separated by '|'. Letters of any case.
 */
static const struct meaning {
	const char *words;
	int weight; /* the heavier, the likelier the cause of the rest */
	const char *says;
	const char *advice;
} meanings[] = {
    /* Images. */
    {"cannotpull|pull image|pull command|image manifest&toomanyrequests|rate limit", 95,
	"the image's registry limits the rate of pulls",
	"authenticate at the registry (repositoryCredentials), or copy the image to ECR"},
    {"cannotpull|pull image|pull command|image manifest&no matching manifest|descriptor matching "
     "platform|exec format",
	95, "the image is not built for the task's platform",
	"build it for the task definition's runtimePlatform"},
    {"cannotpull|pull image|pull command|image manifest&no space left", 95,
	"there is no room on the disk for the image",
	"raise ephemeralStorage, or free the machine's disk"},
    {"cannotpull|pull image|pull command|image manifest&i/o timeout|dial tcp|deadline "
     "exceeded|no such host|awaiting headers|connection refused|connection reset|request "
     "canceled",
	95, "the image cannot be pulled: the network does not reach the registry",
	"give the subnets a NAT gateway or VPC endpoints (ecr.api, ecr.dkr, s3), or set "
	"assignPublicIp to ENABLED"},
    {"cannotpull|pull image|pull command|image manifest&access denied|no basic "
     "auth|unauthorized|not authorized|accessdenied|forbidden",
	95, "the image cannot be pulled: the registry refuses it, or has no such repository",
	"let the execution role pull (AmazonECSTaskExecutionRolePolicy), or check the "
	"repository's name"},
    {"cannotpull|pull image|pull command|image manifest", 95,
	"the image cannot be pulled: the registry does not have it",
	"write an image that exists to containers/NAME/image, or push this one"},
    /* What a task needs before its containers start. */
    {"unable to assume|not authorized to perform: sts:assumerole|assume the role|assume role", 94,
	"a role cannot be assumed",
	"check that the role exists and trusts ecs-tasks.amazonaws.com (a service role: "
	"ecs.amazonaws.com)"},
    {"log group&not exist|logger args|create stream|create log|resourcenotfound&log", 93,
	"the log group cannot be written: it does not exist, or the execution role may not",
	"create it, or set awslogs-create-group and allow logs:CreateLogGroup, "
	"logs:CreateLogStream"},
    {"secret|registry auth|asm|ssm&i/o timeout|dial tcp|deadline exceeded|connection issue|"
     "awaiting headers|network",
	93, "a secret cannot be read: the network does not reach Secrets Manager or SSM",
	"give the subnets a NAT gateway or VPC endpoints (secretsmanager, ssm, ecr.api), or set "
	"assignPublicIp to ENABLED"},
    {"secret|registry auth|asm|ssm&accessdenied|not authorized|forbidden", 93,
	"a secret cannot be read: the execution role may not",
	"allow secretsmanager:GetSecretValue or ssm:GetParameters, and kms:Decrypt where a key of "
	"your own is used"},
    {"unable to pull secrets|retrieve secret|fetching secret|invalid ssm parameters|find the "
     "specified secret",
	93, "a secret cannot be read: it does not exist, or its name is wrong",
	"check the valueFrom of containers/NAME/secrets"},
    {"resourceinitializationerror&efs|mount", 92, "a file system cannot be mounted",
	"check the file system's mount targets, its security group (port 2049) and access "
	"points"},
    {"resourceinitializationerror", 90, "a task's resources cannot be prepared",
	"the sentence of the evidence names which"},
    {"insufficientfreeaddresses|enough free addresses|subnet&free", 92,
	"the subnet has no free addresses", "add a subnet, or free addresses"},
    {"network interface provisioning|attempting to create network interface|elastic network "
     "interface&error|timeout",
	90, "the task's network interface cannot be made",
	"check subnets, security groups and the account's limit of network interfaces"},
    /* Containers. */
    {"outofmemory|out of memory|memory usage", 91, "a container used more memory than it may",
	"raise containers/NAME/memory, or the task's memory"},
    {"cannotstartcontainer&no such file|not found|executable", 91,
	"a container's command does not exist in its image",
	"check containers/NAME/command and entry_point"},
    {"cannotstartcontainer&permission denied", 91, "a container's command may not be executed",
	"make the file executable in the image"},
    {"cannotstartcontainer|cannotcreatecontainer|containerruntimeerror|"
     "containerruntimetimeouterror",
	90, "a container cannot be started", "the sentence of the evidence says why"},
    {"cannotinspectcontainer|cannotstopcontainer|dockertimeouterror|taskfailedtostart", 85,
	"the machine's container runtime does not answer", "drain the container instance"},
    {"failed container health checks", 88, "a container's health check fails",
	"see the log below; healthCheck of the task definition has the command and startPeriod"},
    {"failed elb health checks|unhealthy in&target-group|target group", 88,
	"the load balancer's health check fails",
	"see target_health for the reason; check path, port, security group and "
	"health_check_grace_period_seconds"},
    /* Room. */
    {"unable to place&no container instances were found", 89,
	"there is no container instance in the cluster",
	"start instances, let the capacity provider scale (managed_scaling.json), or use FARGATE"},
    {"unable to place&insufficient cpu|resource:cpu", 89,
	"no container instance has enough CPU left",
	"add instances, or lower cpu; container_instances/ID/remaining_cpu shows what is left"},
    {"unable to place&insufficient memory|resource:memory", 89,
	"no container instance has enough memory left",
	"add instances, or lower memory; container_instances/ID/remaining_memory shows what is "
	"left"},
    {"unable to place&port|resource:ports", 89, "the port is taken on every container instance",
	"use hostPort 0 or awsvpc, or lower maximumPercent so that the old task stops first"},
    {"unable to place&attribute", 89, "no container instance has what the task requires",
	"check placement constraints and the instances' attributes"},
    {"unable to place&agent|resource:agent", 89,
	"the agents of the container instances are not connected",
	"see container_instances/ID/agent_connected"},
    {"capacity is unavailable|resource:fargate|insufficient capacity", 89,
	"AWS has no capacity for it at this time",
	"use more zones, another CPU and memory, or FARGATE beside FARGATE_SPOT"},
    {"concurrent tasks|limit on the number of tasks|vcpu limit|reached the limit", 89,
	"the account's limit of tasks is reached", "ask for a higher quota"},
    {"unable to place", 87, "a task cannot be placed", "the event says why"},
    {"capacity provider&not|no", 86, "a capacity provider cannot be used",
	"check capacity_providers.json and the Auto Scaling group"},
    /* Deployments. */
    {"minimumhealthypercent|minimum healthy|deployment configuration", 80,
	"the deployment waits: minimumHealthyPercent and maximumPercent leave no room to start or "
	"stop a task",
	"lower minimumHealthyPercent or raise maximumPercent in deployment_configuration.json"},
    {"consistently start tasks successfully", 79, "tasks start and stop again and again",
	"the findings about stopped tasks say why"},
    {"deployment failed|circuit breaker", 78, "the deployment failed",
	"the findings about stopped tasks say why; rollback goes back to what ran before"},
    {"failed to register targets|failed to deregister|unable to register", 84,
	"targets cannot be registered with the target group",
	"check that the target group exists, its type suits the network mode, and the role's "
	"rights"},
    {"throttled|rate exceeded", 60, "AWS throttles ECS's own calls",
	"wait; fewer deployments at once help"},
    {"spotinterruption|spot interruption|spot task was interrupted", 50,
	"tasks were ended since AWS took Spot capacity back",
	"nothing, or a FARGATE base in capacity_provider_strategy.json"},
    {"host ec2|terminated&instance|instance&terminated", 70, "a machine went away with its tasks",
	"see container_instances/"},
    {"internal error|internalerror", 40, "AWS reports an internal error", "wait, or ask support"},
};

/* What looks like one of the above and is none: the ordinary course. */
static const char *const ordinary[] = {"has reached a steady state", "has started",
    "has stopped 1 running", "registered 1 targets", "deregistered", "draining connections",
    "deployment completed", "scaling activity initiated", "essential container in task exited"};

static bool has_one(const char *text, const char *alternatives, size_t len)
{
	while (len) {
		size_t word = 0;
		char needle[64];

		while (word < len && alternatives[word] != '|')
			word++;
		snprintf(needle, sizeof(needle), "%.*s", (int)word, alternatives);
		if (strcasestr(text, needle))
			return true;
		alternatives += word;
		len -= word;
		if (len) {
			alternatives++;
			len--;
		}
	}
	return false;
}

static bool has_words(const char *text, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, "&");

		if (!has_one(text, words, len))
			return false;
		words += len + (words[len] == '&');
	}
	return true;
}

static const struct meaning *meaning_of(const char *sentence)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (has_words(sentence, meanings[i].words))
			return &meanings[i];
	return NULL;
}

static bool is_ordinary(const char *sentence)
{
	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		if (strcasestr(sentence, ordinary[i]))
			return true;
	return false;
}

const char *findings_meaning(const char *sentence)
{
	const struct meaning *m = is_ordinary(sentence) ? NULL : meaning_of(sentence);

	return m ? m->says : NULL;
}

/* The findings so far: objects {weight, says, advice, count, lines}. */

enum { MOST_LINES = 4 };

static json_t *find(json_t *all, const char *says)
{
	json_t *f;
	size_t i;

	json_array_foreach (all, i, f)
		if (!strcmp(doc_string_peek(f, "says"), says))
			return f;
	return NULL;
}

static json_t *add(json_t *all, int weight, const char *says, const char *advice)
{
	json_t *f = find(all, says);

	if (!f) {
		f = json_pack("{s:i, s:s, s:s, s:i, s:[]}", "weight", weight, "says", says,
		    "advice", advice, "count", 0, "lines");
		json_array_append_new(all, f);
	}
	json_object_set_new(f, "count", json_integer(doc_integer(f, "count") + 1));
	return f;
}

static void say(json_t *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(json_t *f, const char *fmt, ...)
{
	json_t *lines = json_object_get(f, "lines");
	char text[1200];
	va_list ap;

	if (json_array_size(lines) >= MOST_LINES)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *c = text; *c; c++)
		*c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
	json_t *line = json_string(text);
	if (line)
		json_array_append_new(lines, line);
}

/* The last lines of a task's log, each a line of its own, beyond the ceiling of the others. */
static void quote_log(json_t *f, const struct evidence *e, const char *task)
{
	const json_t *line;
	size_t i;

	if (json_object_get(f, "quoted"))
		return;
	json_array_foreach (json_object_get(e->logs, task), i, line) {
		json_object_set_new(f, "quoted", json_true());
		json_array_append_new(
		    json_object_get(f, "lines"), json_sprintf("log: %s", json_string_value(line)));
	}
}

static const char *id_of(const json_t *task)
{
	return value_arn_name(doc_string_peek(task, "taskArn"));
}

/* The image of the evidence that ECR lacks. */
static void say_newest(json_t *f, const struct evidence *e, const char *image)
{
	const json_t *newest = json_object_get(json_object_get(e->images, image), "newest"), *tag;
	auto_buf struct buf tags = BUF_INIT(4096);
	size_t i;

	if (!json_object_get(e->images, image))
		return;
	json_array_foreach (newest, i, tag)
		if (i < 5)
			buf_addf(&tags, "%s%s", i ? ", " : "", json_string_value(tag));
	say(f, "ECR does not have %s%s%s", image, tags.len ? "; its newest tags are " : "",
	    buf_str(&tags));
}

/* TERM: what ECS sends to the others when an essential container ends. */
enum { ENDED = 128 + 15 };

/* Whether no container of the task failed by itself. */
static bool only_ended(const json_t *task)
{
	const json_t *container;
	size_t i;

	json_array_foreach (json_object_get(task, "containers"), i, container) {
		json_int_t code = doc_integer(container, "exitCode");

		if (*doc_string_peek(container, "reason") || (code != 0 && code != ENDED))
			return false;
	}
	return true;
}

/* A container that ended: by its own reason, by a signal, or by its code. */
static void add_container(
    json_t *all, const struct evidence *e, const json_t *task, const json_t *container, bool alone)
{
	const char *reason = doc_string_peek(container, "reason");
	const char *name = doc_string_peek(container, "name");
	const struct meaning *m = *reason ? meaning_of(reason) : NULL;
	json_int_t code = doc_integer(container, "exitCode");
	char says[400];
	json_t *f;

	if (m) {
		f = add(all, m->weight, m->says, m->advice);
		say(f, "task %s, container %s: %s", id_of(task), name, reason);
		say_newest(f, e, doc_string_peek(container, "image"));
		quote_log(f, e, id_of(task));
		return;
	}
	if (code == 0 || (code == ENDED && !alone))
		return;
	if (code > 128 && code < 160)
		snprintf(says, sizeof(says), "the container %.200s is ended by signal %d%s", name,
		    (int)code - 128,
		    code == 137 ? " (KILL: out of memory, or it did not stop in time)" : "");
	else
		snprintf(
		    says, sizeof(says), "the container %.200s exits with code %d", name, (int)code);
	f = add(all, 91, says, "its log says why; logs/ has more of it");
	say(f, "task %s: %s", id_of(task), doc_string_peek(task, "stoppedReason"));
	quote_log(f, e, id_of(task));
}

/* Whether a task's end belongs to the ordinary course: a deployment, scaling, or somebody's wish. */
static bool ended_on_purpose(const json_t *task)
{
	const char *code = doc_string_peek(task, "stopCode");

	return !strcmp(code, "UserInitiated") ||
	    (!strcmp(code, "ServiceSchedulerInitiated") &&
		!meaning_of(doc_string_peek(task, "stoppedReason")));
}

static void add_stopped(json_t *all, const struct evidence *e)
{
	const json_t *task, *container;
	size_t i, j;

	json_array_foreach (e->stopped, i, task) {
		const char *reason = doc_string_peek(task, "stoppedReason");
		const struct meaning *m = is_ordinary(reason) ? NULL : meaning_of(reason);

		if (ended_on_purpose(task))
			continue;
		if (!m && !strcmp(doc_string_peek(task, "stopCode"), "SpotInterruption"))
			m = meaning_of("SpotInterruption");
		if (m) {
			json_t *f = add(all, m->weight, m->says, m->advice);

			say(f, "task %s: %s", id_of(task), reason);
			json_array_foreach (json_object_get(task, "containers"), j, container)
				say_newest(f, e, doc_string_peek(container, "image"));
			quote_log(f, e, id_of(task));
			continue;
		}
		json_array_foreach (json_object_get(task, "containers"), j, container)
			add_container(all, e, task, container, only_ended(task));
	}
}

/* Events, the newest first, back to when all was well. */
static void add_events(json_t *all, const struct evidence *e)
{
	const json_t *event;
	size_t i;

	json_array_foreach (json_object_get(e->service, "events"), i, event) {
		const char *message = doc_string_peek(event, "message");
		const struct meaning *m;
		json_t *f;

		if (strstr(message, "has reached a steady state"))
			return;
		m = is_ordinary(message) && !strstr(message, "(error") ? NULL : meaning_of(message);
		if (!m)
			continue;
		f = add(all, m->weight, m->says, m->advice);
		if (doc_integer(f, "count") <= 2)
			say(f, "event: %s", message);
	}
}

static void add_targets(json_t *all, const struct evidence *e)
{
	const json_t *t;
	size_t i;

	json_array_foreach (e->targets, i, t) {
		const char *state = doc_string_peek(t, "state");
		json_t *f;

		if (strncmp(state, "unhealthy", 9) != 0 && strcmp(state, "unavailable") != 0)
			continue;
		f = add(all, 88, "the load balancer's health check fails",
		    "see target_health for the reason; check path, port, security group and "
		    "health_check_grace_period_seconds");
		say(f, "target %s:%s of %s is %s: %s, %s", doc_string_peek(t, "id"),
		    doc_string_peek(t, "port"), doc_string_peek(t, "group"), state,
		    doc_string_peek(t, "reason"), doc_string_peek(t, "description"));
	}
}

static void add_unhealthy(json_t *all, const struct evidence *e)
{
	const json_t *task;
	size_t i;

	json_array_foreach (e->running, i, task) {
		json_t *f;

		if (strcmp(doc_string_peek(task, "healthStatus"), "UNHEALTHY") != 0)
			continue;
		f = add(all, 88, "a container's health check fails",
		    "see its log; healthCheck of the task definition has the command and "
		    "startPeriod");
		say(f, "task %s is UNHEALTHY", id_of(task));
	}
}

static void add_hook(json_t *all, const struct evidence *e)
{
	const json_t *hook = doc_find_peek(
	    json_object_get(e->deployment, "lifecycleHookDetails"), "status", "AWAITING_ACTION");
	json_t *f;

	if (!hook)
		return;
	f = add(all, 82, "the deployment waits for a PAUSE hook to be answered",
	    "write a line to service_deployments/ID/continue, or \"rollback\"");
	say(f, "service deployment %s, stage %s",
	    value_arn_name(doc_string_peek(e->deployment, "serviceDeploymentArn")),
	    doc_string_peek(e->deployment, "lifecycleStage"));
}

static void add_deployments(json_t *all, const struct evidence *e)
{
	const json_t *primary = doc_primary_peek(e->service, "deployments");
	const char *state = doc_string_peek(primary, "rolloutState");
	json_int_t failed = doc_integer(primary, "failedTasks");
	const json_t *breaker = json_object_get(
	    json_object_get(e->service, "deploymentConfiguration"), "deploymentCircuitBreaker");
	json_t *f;

	if (!strcmp(state, "FAILED")) {
		f = add(all, 78, "the deployment failed",
		    "the findings about stopped tasks say why; rollback goes back to what ran "
		    "before");
		say(f, "%s", doc_string_peek(primary, "rolloutStateReason"));
	} else if (!strcmp(state, "IN_PROGRESS") && failed > 0) {
		f = add(all, 77, "tasks of the deployment fail to start",
		    doc_true(breaker, "enable")
			? "the circuit breaker will end it; rollback does so now"
			: "no circuit breaker ends it: write rollback, or enable "
			  "deploymentCircuitBreaker in deployment_configuration.json");
		say(f, "%" JSON_INTEGER_FORMAT " tasks failed one after the other", failed);
	}
}

/* Too few tasks, and nothing that says why. */
static void add_missing(json_t *all, const struct evidence *e)
{
	json_int_t desired = doc_integer(e->service, "desiredCount");
	json_int_t running = doc_integer(e->service, "runningCount");
	json_t *f;

	if (running == desired || json_array_size(all) > 0)
		return;
	f = add(all, 30,
	    running < desired ? "fewer tasks run than are wanted"
			      : "more tasks run than are wanted",
	    "wait: ECS is starting or stopping tasks; rollout shows the progress");
	say(f,
	    "%" JSON_INTEGER_FORMAT " desired, %" JSON_INTEGER_FORMAT " running, "
	    "%" JSON_INTEGER_FORMAT " pending",
	    desired, running, doc_integer(e->service, "pendingCount"));
}

static void add_status(json_t *all, const struct evidence *e)
{
	const char *status = doc_string_peek(e->service, "status");

	if (*status && strcmp(status, "ACTIVE") != 0)
		say(add(all, 99, "the service is being deleted", "nothing: it ends"), "status %s",
		    status);
}

static int heavier_first(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	json_int_t w = doc_integer(*y, "weight") - doc_integer(*x, "weight");

	if (!w)
		w = doc_integer(*y, "count") - doc_integer(*x, "count");
	return w < 0 ? -1 : w > 0;
}

static void render(const json_t *all, struct buf *out)
{
	size_t n = json_array_size(all), i;
	auto_free const json_t **sorted = calloc(n + 1, sizeof(*sorted));
	const json_t *line;

	if (!sorted)
		return;
	for (i = 0; i < n; i++)
		sorted[i] = json_array_get(all, i);
	qsort(sorted, n, sizeof(*sorted), heavier_first);
	for (size_t k = 0; k < n; k++) {
		json_int_t count = doc_integer(sorted[k], "count");

		buf_adds(out, doc_string_peek(sorted[k], "says"));
		if (count > 1)
			buf_addf(out, " (%" JSON_INTEGER_FORMAT " times)", count);
		buf_addc(out, '\n');
		json_array_foreach (json_object_get(sorted[k], "lines"), i, line)
			buf_addf(out, "    %s\n", json_string_value(line));
		buf_addf(out, "    to do: %s\n", doc_string_peek(sorted[k], "advice"));
	}
}

void findings_render(const struct evidence *e, struct buf *out)
{
	json_auto_t *all = json_array();
	const json_t *sentence;
	size_t i;

	add_status(all, e);
	add_stopped(all, e);
	add_events(all, e);
	add_targets(all, e);
	add_unhealthy(all, e);
	add_hook(all, e);
	add_deployments(all, e);
	add_missing(all, e);
	if (e->stale)
		add(all, 10, "AWS cannot be reached: this is what was known last",
		    ".ecsfs/errors says why");
	if (json_array_size(all) == 0)
		buf_adds(out, "steady\n");
	render(all, out);
	json_array_foreach (e->withheld, i, sentence)
		buf_addf(out, "not looked at: %s\n", json_string_value(sentence));
}
