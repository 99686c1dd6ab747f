/*
 * How fast is ecsfs when AWS costs nothing? A fast stand-in for the ECS and CloudWatch Logs
 * endpoints, for benchmarks: HTTP/1.1 with kept connections, a thread a connection, bodies printed
 * from a synthetic fleet of C clusters x S services x T tasks, paged as the real APIs are.
 * Signatures are not checked. The simulator would be the bottleneck; this is not.
 *
 *   cannedd [-p PORT=5600] [-l LATENCY_MS=0] [-c CLUSTERS=10] [-s SERVICES=100] [-t TASKS=10]
 *           [-e LOG_EVENTS=100000] [-m MEAN_MESSAGE_BYTES=150] [-T | -R RATE] [-n]
 *
 * -l: how long it sleeps before each response; concurrent requests sleep in parallel. -T: AWS's
 * documented token buckets, with ThrottlingException; -R: each of RATE calls a second. -n: names of services without numbers, in no
 * order. GET /_stats gives the calls since GET /_reset; GET /_latency/MS sets -l.
 */
#include "tests/bench/canned.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int NC = 10, NS = 100, NT = 10, throttle, wordy;
static _Atomic long lat_us;
static int *desired;
#define ARN "arn:aws:ecs:us-east-1:123456789012:"

enum { LC, DC, LS, DS, LT, DT, US, DTD, GLE, FLE, DLS, DLG, XX, NA };
static const char *const an[] = {"ListClusters", "DescribeClusters", "ListServices",
    "DescribeServices", "ListTasks", "DescribeTasks", "UpdateService", "DescribeTaskDefinition",
    "GetLogEvents", "FilterLogEvents", "DescribeLogStreams", "DescribeLogGroups", "other"};
static atomic_ulong cnt[NA];
static atomic_ulong conns, throttled;
/* token buckets */
static struct bucket {
	double cap, rate, tok;
	struct timespec t;
	pthread_mutex_t m;
} bk[] = {{50, 20, 50, {0, 0}, PTHREAD_MUTEX_INITIALIZER},
    {100, 20, 100, {0, 0}, PTHREAD_MUTEX_INITIALIZER},
    {100, 20, 100, {0, 0}, PTHREAD_MUTEX_INITIALIZER},
    {50, 5, 50, {0, 0}, PTHREAD_MUTEX_INITIALIZER}, {50, 20, 50, {0, 0}, PTHREAD_MUTEX_INITIALIZER},
    {25, 25, 25, {0, 0}, PTHREAD_MUTEX_INITIALIZER},
    {10, 10, 10, {0, 0}, PTHREAD_MUTEX_INITIALIZER}};
static const int bof[] = {0, 0, 2, 2, 1, 1, 3, 4, 5, 6, 6, 6, -1};
static int take(int a)
{
	if (!throttle || bof[a] < 0)
		return 1;
	struct bucket *b = &bk[bof[a]];
	struct timespec n;
	clock_gettime(CLOCK_MONOTONIC, &n);
	pthread_mutex_lock(&b->m);
	if (b->t.tv_sec)
		b->tok += ((n.tv_sec - b->t.tv_sec) + (n.tv_nsec - b->t.tv_nsec) / 1e9) * b->rate;
	if (b->tok > b->cap)
		b->tok = b->cap;
	b->t = n;
	int ok = b->tok >= 1;
	if (ok)
		b->tok -= 1;
	pthread_mutex_unlock(&b->m);
	return ok;
}

void body_need(struct body *b, size_t k)
{
	if (b->n + k + 1 > b->cap) {
		b->cap = (b->n + k + 1) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
}
void body_print(struct body *b, const char *f, ...)
{
	va_list a;
	body_need(b, 512);
	va_start(a, f);
	int k = vsnprintf(b->p + b->n, b->cap - b->n, f, a);
	va_end(a);
	if ((size_t)k >= b->cap - b->n) {
		body_need(b, k);
		va_start(a, f);
		vsnprintf(b->p + b->n, b->cap - b->n, f, a);
		va_end(a);
	}
	b->n += k;
}
const char *request_string(json_t *r, const char *k)
{
	const char *s = json_string_value(json_object_get(r, k));
	return s ? s : "";
}
long request_number(json_t *r, const char *k, long d)
{
	json_t *v = json_object_get(r, k);
	return json_is_integer(v) ? (long)json_integer_value(v) : d;
}
static int last_num(const char *s, char pre) /* "…/c12" or "c12" -> 12 */
{
	const char *p = strrchr(s, '/');
	p = p ? p + 1 : s;
	return *p == pre ? atoi(p + 1) : !strcmp(p, "default") ? 0 : -1;
}
/* Eight letters that say nothing of the number, and back. */
static const char *service_name(char *o, int s)
{
	unsigned w = (unsigned)s * 2654435761u;

	sprintf(o, "s%d", s);
	for (int k = 0; wordy && k < 8; k++, w >>= 4) {
		o[k] = "abcdefghijklmnop"[w & 15];
		o[k + 1] = 0;
	}
	return o;
}
static int service_number(const char *s)
{
	const char *p = strrchr(s, '/');
	unsigned w = 0;

	p = p ? p + 1 : s;
	if (!wordy)
		return last_num(s, 's');
	if (strlen(p) != 8)
		return -1;
	for (int k = 7; k >= 0; k--)
		w = w << 4 | ((unsigned)(p[k] - 'a') & 15);
	return (int)(w * 244002641u);
}
static void task_id(char *o, int c, int s, int t)
{
	sprintf(o, "%08x%08x%08x%08x", c, s, t, 0xec5f5u);
}

static void cluster(struct body *b, int c)
{
	body_print(b,
	    "{\"clusterArn\":\"" ARN "cluster/"
	    "c%d\",\"clusterName\":\"c%d\",\"status\":\"ACTIVE\","
	    "\"registeredContainerInstancesCount\":0,"
	    "\"runningTasksCount\":%d,\"pendingTasksCount\":0,\"activeServicesCount\":%d,"
	    "\"statistics\":[],\"tags\":[],\"settings\":"
	    "[{\"name\":\"containerInsights\",\"value\":\"disabled\"}],\"capacityProviders\":["
	    "\"FARGATE\"],\"defaultCapacityProviderStrategy\":[]}",
	    c, c, NS * NT, NS);
}
static void service(struct body *b, int c, int s)
{
	int d = desired[c * NS + s];
	char name[16];
	service_name(name, s);
	body_print(b,
	    "{\"serviceArn\":\"" ARN "service/c%d/%s\",\"serviceName\":\"%s\",\"clusterArn\":\"" ARN
	    "cluster/c%d\",\"loadBalancers\":[],"
	    "\"serviceRegistries\":[],\"status\":\"ACTIVE\",\"desiredCount\":%d,\"runningCount\":%"
	    "d,\"pendingCount\":0,\"launchType\":\"FARGATE\","
	    "\"platformVersion\":\"LATEST\",\"platformFamily\":\"Linux\",\"taskDefinition\":\"" ARN
	    "task-definition/td%d:3\",\"deploymentConfiguration\":"
	    "{\"deploymentCircuitBreaker\":{\"enable\":false,\"rollback\":false},"
	    "\"maximumPercent\":200,\"minimumHealthyPercent\":100},",
	    c, name, name, c, d, d, s);
	body_print(b,
	    "\"deployments\":[{\"id\":\"ecs-svc/"
	    "%019d\",\"status\":\"PRIMARY\",\"taskDefinition\":\"" ARN
	    "task-definition/td%d:3\",\"desiredCount\":%d,"
	    "\"pendingCount\":0,\"runningCount\":%d,\"failedTasks\":0,\"createdAt\":1.7e9,"
	    "\"updatedAt\":1.7e9,\"launchType\":\"FARGATE\",\"networkConfiguration\":"
	    "{\"awsvpcConfiguration\":{\"subnets\":[\"subnet-0123456789abcdef0\"],"
	    "\"securityGroups\":[\"sg-0123456789abcdef0\"],\"assignPublicIp\":\"DISABLED\"}},"
	    "\"rolloutState\":\"COMPLETED\",\"rolloutStateReason\":\"ECS deployment ecs-svc/%019d "
	    "completed.\"}],",
	    s, s, d, d, s);
	body_print(b, "\"events\":[");
	for (int k = 0; k < 10; k++)
		body_print(b,
		    "%s{\"id\":\"00000000-0000-4000-8000-%012d\",\"createdAt\":%d.123,\"message\":"
		    "\"(service %s) has reached a steady state.\"}",
		    k ? "," : "", k, 1700000000 - k, name);
	body_print(b,
	    "],\"createdAt\":1.7e9,\"placementConstraints\":[],\"placementStrategy\":[],"
	    "\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":"
	    "[\"subnet-0123456789abcdef0\"],\"securityGroups\":[\"sg-0123456789abcdef0\"],"
	    "\"assignPublicIp\":\"DISABLED\"}},\"healthCheckGracePeriodSeconds\":0,"
	    "\"schedulingStrategy\":\"REPLICA\",\"deploymentController\":{\"type\":\"ECS\"},"
	    "\"createdBy\":\"" ARN "user/x\",\"enableECSManagedTags\":true,"
	    "\"propagateTags\":\"NONE\",\"enableExecuteCommand\":false}");
}
static void task(struct body *b, int c, int s, int t)
{
	char id[40], name[16];
	task_id(id, c, s, t);
	service_name(name, s);
	body_print(b,
	    "{\"taskArn\":\"" ARN "task/c%d/%s\",\"clusterArn\":\"" ARN
	    "cluster/c%d\",\"taskDefinitionArn\":\"" ARN
	    "task-definition/td%d:3\",\"group\":\"service:%s\","
	    "\"lastStatus\":\"RUNNING\",\"desiredStatus\":\"RUNNING\",\"launchType\":\"FARGATE\","
	    "\"cpu\":\"256\",\"memory\":\"512\",\"availabilityZone\":\"us-east-1a\","
	    "\"connectivity\":\"CONNECTED\",\"createdAt\":1.7e9,\"startedAt\":1.7e9,"
	    "\"healthStatus\":\"HEALTHY\",\"version\":4,\"attachments\":[{\"id\":\"00000000-0000-"
	    "4000-8000-000000000001\","
	    "\"type\":\"ElasticNetworkInterface\",\"status\":\"ATTACHED\",\"details\":[{\"name\":"
	    "\"subnetId\",\"value\":\"subnet-0123456789abcdef0\"},{\"name\":\"privateIPv4Address\","
	    "\"value\":\"10.0.0.9\"}]}],"
	    "\"containers\":[{\"containerArn\":\"" ARN "container/c%d/%s/1\",\"taskArn\":\"" ARN
	    "task/c%d/"
	    "%s\",\"name\":\"app\",\"image\":\"nginx:1.27\",\"runtimeId\":\"%s-1\",\"lastStatus\":"
	    "\"RUNNING\","
	    "\"networkBindings\":[],\"networkInterfaces\":[{\"attachmentId\":\"00000000-0000-4000-"
	    "8000-000000000001\",\"privateIpv4Address\":\"10.0.0.9\"}],\"healthStatus\":"
	    "\"HEALTHY\",\"cpu\":\"0\"}],"
	    "\"overrides\":{\"containerOverrides\":[{\"name\":\"app\"}],"
	    "\"inferenceAcceleratorOverrides\":[]},\"platformVersion\":\"1.4.0\","
	    "\"platformFamily\":\"Linux\",\"ephemeralStorage\":{\"sizeInGiB\":20},\"tags\":[]}",
	    c, id, c, s, name, c, id, c, id, id);
}
static int task_of(const char *s, int *c, int *sv, int *t)
{
	const char *p = strrchr(s, '/');
	return sscanf(p ? p + 1 : s, "%8x%8x%8x", (unsigned *)c, (unsigned *)sv, (unsigned *)t) ==
	    3;
}

static int reply_list(int a, json_t *r, int c, struct body *b)
{
	long mr = request_number(r, "maxResults", 0), off = atol(request_string(r, "nextToken"));
	switch (a) {
	case LC:
		if (mr <= 0 || mr > 100)
			mr = 100;
		body_print(b, "{\"clusterArns\":[");
		for (long k = off; k < NC && k < off + mr; k++)
			body_print(b, "%s\"" ARN "cluster/c%ld\"", k > off ? "," : "", k);
		body_print(b, "]");
		if (off + mr < NC)
			body_print(b, ",\"nextToken\":\"%ld\"", off + mr);
		body_print(b, "}");
		break;
	case LS:
		if (mr <= 0)
			mr = 10;
		if (mr > 100)
			mr = 100;
		body_print(b, "{\"serviceArns\":[");
		for (long k = off; k < NS && k < off + mr; k++) {
			char name[16];
			body_print(b, "%s\"" ARN "service/c%d/%s\"", k > off ? "," : "", c,
			    service_name(name, (int)k));
		}
		body_print(b, "]");
		if (off + mr < NS)
			body_print(b, ",\"nextToken\":\"%ld\"", off + mr);
		body_print(b, "}");
		break;
	case LT: {
		if (mr <= 0 || mr > 100)
			mr = 100;
		int s = *request_string(r, "serviceName")
		    ? service_number(request_string(r, "serviceName"))
		    : -1;
		long tot = !strcmp(request_string(r, "desiredStatus"), "STOPPED") ? 0
		    : s >= 0							  ? NT
										  : (long)NS * NT;
		body_print(b, "{\"taskArns\":[");
		for (long k = off; k < tot && k < off + mr; k++) {
			char id[40];
			task_id(id, c, s >= 0 ? s : (int)(k / NT), (int)(k % NT));
			body_print(b, "%s\"" ARN "task/c%d/%s\"", k > off ? "," : "", c, id);
		}
		body_print(b, "]");
		if (off + mr < tot)
			body_print(b, ",\"nextToken\":\"%ld\"", off + mr);
		body_print(b, "}");
		break;
	}
	}
	return 200;
}
static int reply_describe(int a, json_t *r, int c, struct body *b)
{
	size_t i;
	json_t *v;
	switch (a) {
	case DC:
		body_print(b, "{\"clusters\":[");
		if (!json_array_size(json_object_get(r, "clusters")))
			cluster(b, 0);
		json_array_foreach (json_object_get(r, "clusters"), i, v) {
			int k = last_num(json_string_value(v) ? json_string_value(v) : "", 'c');
			if (k >= 0 && k < NC) {
				if (b->p[b->n - 1] == '}')
					body_print(b, ",");
				cluster(b, k);
			}
		}
		body_print(b, "],\"failures\":[]}");
		break;
	case DS:
		if (json_array_size(json_object_get(r, "services")) > 10) {
			body_print(b,
			    "{\"__type\":\"InvalidParameterException\",\"message\":\"Services "
			    "cannot have more than 10 elements.\"}");
			return 400;
		}
		body_print(b, "{\"services\":[");
		json_array_foreach (json_object_get(r, "services"), i, v) {
			int k = service_number(json_string_value(v) ? json_string_value(v) : "");
			if (k >= 0 && k < NS) {
				if (b->p[b->n - 1] == '}')
					body_print(b, ",");
				service(b, c, k);
			}
		}
		body_print(b, "],\"failures\":[]}");
		break;
	case DT:
		if (json_array_size(json_object_get(r, "tasks")) > 100) {
			body_print(b,
			    "{\"__type\":\"InvalidParameterException\",\"message\":\"Tasks cannot "
			    "have more than 100 elements.\"}");
			return 400;
		}
		body_print(b, "{\"tasks\":[");
		json_array_foreach (json_object_get(r, "tasks"), i, v) {
			int x, y, z;
			if (task_of(json_string_value(v) ? json_string_value(v) : "", &x, &y, &z)) {
				if (b->p[b->n - 1] == '}')
					body_print(b, ",");
				task(b, x, y, z);
			}
		}
		body_print(b, "],\"failures\":[]}");
		break;
	}
	return 200;
}
static int reply(int a, json_t *r, struct body *b)
{
	int c = last_num(request_string(r, "cluster"), 'c');
	if (*request_string(r, "cluster") && (c < 0 || c >= NC) &&
	    (a == LS || a == DS || a == LT || a == DT || a == US)) {
		body_print(b,
		    "{\"__type\":\"ClusterNotFoundException\",\"message\":\"Cluster not found.\"}");
		return 400;
	}
	if (!*request_string(r, "cluster"))
		c = 0;
	if (a == LC || a == LS || a == LT)
		return reply_list(a, r, c, b);
	if (a == DC || a == DS || a == DT)
		return reply_describe(a, r, c, b);
	switch (a) {
	case US: {
		int s = service_number(request_string(r, "service"));
		if (s < 0 || s >= NS) {
			body_print(b,
			    "{\"__type\":\"ServiceNotFoundException\",\"message\":\"Service not "
			    "found.\"}");
			return 400;
		}
		desired[c * NS + s] = (int)request_number(r, "desiredCount", desired[c * NS + s]);
		body_print(b, "{\"service\":");
		service(b, c, s);
		body_print(b, "}");
		break;
	}
	case DTD:
		body_print(b,
		    "{\"taskDefinition\":{\"taskDefinitionArn\":\"%s\",\"family\":\"td\","
		    "\"revision\":3,\"status\":\"ACTIVE\",\"networkMode\":\"awsvpc\",\"cpu\":"
		    "\"256\",\"memory\":\"512\",\"volumes\":[],"
		    "\"requiresCompatibilities\":[\"FARGATE\"],\"containerDefinitions\":[{\"name\":"
		    "\"app\",\"image\":\"nginx:1.27\",\"cpu\":0,\"essential\":true,\"environment\":"
		    "[{\"name\":\"A\",\"value\":\"b\"}],\"portMappings\":[],"
		    "\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-"
		    "group\":\"/ecs/"
		    "app\",\"awslogs-region\":\"us-east-1\",\"awslogs-stream-prefix\":\"app\"}}}]}"
		    "}",
		    request_string(r, "taskDefinition"));
		break;
	case GLE:
		logs_get(r, b);
		break;
	case FLE:
		logs_filter(r, b);
		break;
	case DLS:
		logs_streams(b);
		break;
	case DLG:
		logs_groups(b);
		break;
	default:
		body_print(b, "{\"__type\":\"UnknownOperationException\"}");
		return 400;
	}
	return 200;
}
static int sendall(int fd, struct iovec *v, int n)
{
	while (n) {
		ssize_t k = writev(fd, v, n);
		if (k < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		while (n && (size_t)k >= v->iov_len) {
			k -= v->iov_len;
			v++;
			n--;
		}
		if (n) {
			v->iov_base = (char *)v->iov_base + k;
			v->iov_len -= k;
		}
	}
	return 0;
}

struct request {
	char *in;
	size_t cap, n, head, length;
	int action, last;
};
/* Reads one request; 0: the connection ended. */
static int receive(int fd, struct request *q)
{
	char *e;
	q->in[q->n] = 0;
	while (!(e = memmem(q->in, q->n, "\r\n\r\n", 4))) {
		ssize_t k = q->n == q->cap ? 0 : read(fd, q->in + q->n, q->cap - q->n);
		if (k <= 0)
			return 0;
		q->n += k;
	}
	char tgt[128] = "";
	q->head = e - q->in + 4;
	q->length = 0;
	q->last = 0;
	q->action = XX;
	for (char *l = q->in; l < e;) {
		char *z = memmem(l, e + 2 - l, "\r\n", 2);
		if (!strncasecmp(l, "content-length:", 15))
			q->length = strtoul(l + 15, NULL, 10);
		else if (!strncasecmp(l, "x-amz-target:", 13))
			snprintf(tgt, sizeof(tgt), "%.*s", (int)(z - l - 13), l + 13);
		else if (!strncasecmp(l, "connection: close", 17))
			q->last = 1;
		l = z + 2;
	}
	const char *dot = strrchr(tgt, '.');
	for (int k = 0; dot && k < XX; k++)
		if (!strcmp(dot + 1, an[k]))
			q->action = k;
	if (q->head + q->length > q->cap) {
		q->cap = q->head + q->length;
		q->in = realloc(q->in, q->cap + 1);
	}
	while (q->n < q->head + q->length) {
		ssize_t k = read(fd, q->in + q->n, q->cap - q->n);
		if (k <= 0)
			return 0;
		q->n += k;
	}
	return 1;
}
static void control(const char *path, struct body *b)
{
	unsigned long tot = 0;
	if (!strncmp(path, "_reset", 6)) {
		for (int k = 0; k < NA; k++)
			cnt[k] = 0;
		conns = 0;
		throttled = 0;
	}
	if (!strncmp(path, "_latency/", 9))
		lat_us = (long)(atof(path + 9) * 1000);
	body_print(b, "{");
	for (int k = 0; k < NA; k++) {
		unsigned long c = cnt[k];
		if (c)
			body_print(b, "\"%s\":%lu,", an[k], c);
		tot += c;
	}
	body_print(b, "\"total\":%lu,\"connections\":%lu,\"throttled\":%lu}\n", tot,
	    (unsigned long)conns, (unsigned long)throttled);
}
static int answer(const struct request *q, struct body *b)
{
	int code;
	cnt[q->action]++;
	if (lat_us)
		usleep(lat_us);
	if (!take(q->action)) {
		throttled++;
		body_print(b, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}");
		return 400;
	}
	json_t *r = q->length ? json_loadb(q->in + q->head, q->length, 0, NULL) : NULL;
	if (!r)
		r = json_object();
	code = reply(q->action, r, b);
	json_decref(r);
	return code;
}
static void *serve(void *p)
{
	int fd = (int)(long)p, one = 1;
	struct request q = {.cap = 65536};
	struct body b = {0};
	q.in = malloc(q.cap + 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	while (receive(fd, &q)) {
		char h[256];
		int code = 200;
		b.n = 0;
		body_need(&b, 256);
		if (!strncmp(q.in, "GET /_", 6))
			control(q.in + 5, &b);
		else
			code = answer(&q, &b);
		int k = snprintf(h, sizeof h,
		    "HTTP/1.1 %d %s\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: "
		    "%zu\r\n"
		    "x-amzn-RequestId: 00000000-0000-4000-8000-000000000000\r\n%s\r\n",
		    code, code == 200 ? "OK" : "Bad Request", b.n,
		    q.last ? "Connection: close\r\n" : "");
		struct iovec v[2] = {{h, k}, {b.p, b.n}};
		if (sendall(fd, v, 2) || q.last)
			break;
		memmove(q.in, q.in + q.head + q.length, q.n - q.head - q.length);
		q.n -= q.head + q.length;
	}
	close(fd);
	free(q.in);
	free(b.p);
	return NULL;
}
int main(int argc, char **argv)
{
	int port = 5600, o, one = 1;
	long log_events = 100000, log_bytes = 150;
	while ((o = getopt(argc, argv, "p:l:c:s:t:e:m:R:Tn")) != -1)
		switch (o) {
		case 'p':
			port = atoi(optarg);
			break;
		case 'l':
			lat_us = (long)(atof(optarg) * 1000);
			break;
		case 'c':
			NC = atoi(optarg);
			break;
		case 's':
			NS = atoi(optarg);
			break;
		case 't':
			NT = atoi(optarg);
			break;
		case 'e':
			log_events = atol(optarg);
			break;
		case 'm':
			log_bytes = atol(optarg);
			break;
		case 'n':
			wordy = 1;
			break;
		case 'T':
			throttle = 1;
			break;
		case 'R':
			throttle = 1;
			for (size_t k = 0; k < sizeof bk / sizeof *bk; k++)
				bk[k].cap = bk[k].rate = bk[k].tok = atof(optarg);
			break;
		default:
			return 2;
		}
	logs_init(log_events, log_bytes);
	signal(SIGPIPE, SIG_IGN);
	desired = malloc(sizeof *desired * NC * NS);
	for (int k = 0; k < NC * NS; k++)
		desired[k] = NT;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(s, (void *)&a, sizeof a) || listen(s, 512)) {
		perror("bind");
		return 1;
	}
	pthread_attr_t at;
	pthread_attr_init(&at);
	pthread_attr_setdetachstate(&at, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&at, 256 * 1024);
	for (;;) {
		int c = accept(s, NULL, NULL);
		if (c < 0)
			continue;
		conns++;
		pthread_t t;
		if (pthread_create(&t, &at, serve, (void *)(long)c))
			close(c);
	}
}
