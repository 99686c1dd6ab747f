/*
 * What does converting a compose project cost?
 *
 *	compose_cost [SERVICES [RUNS]]
 *
 * Prints the median of the runs.
 */
#include "fs/compose/compose.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/compose/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct buf files[3] = {BUF_INIT(LIMIT_YAML), BUF_INIT(LIMIT_YAML), BUF_INIT(LIMIT_YAML)};

static bool read_file(void *arg, const char *path, struct compose_file *ret)
{
	static const char *const names[] = {"docker-compose.yml", "ecs-params.yml", ".env"};

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], path) == 0) {
			*ret = (struct compose_file){buf_str(&files[i]), files[i].len};
			return true;
		}
	return false;
}

static void write_project(int services)
{
	buf_adds(&files[0],
	    "version: '3.8'\nx-log: &log\n  driver: awslogs\n  options:\n"
	    "    awslogs-group: /bench\n    awslogs-region: us-east-1\n"
	    "    awslogs-stream-prefix: b\nservices:\n");
	buf_adds(&files[1], "task_definition:\n  ecs_network_mode: awsvpc\n  services:\n");
	buf_adds(&files[2], "TAG=1.2\nREGISTRY=registry.example.com\n");
	for (int i = 0; i < services; i++) {
		buf_addf(&files[0],
		    "  s%d:\n    image: ${REGISTRY}/s%d:${TAG:-latest}\n    command: run --port "
		    "%d\n"
		    "    ports: ['%d:%d']\n    environment:\n",
		    i, i, 8000 + i, 8000 + i, 8000 + i);
		for (int j = 0; j < 10; j++)
			buf_addf(&files[0], "      VARIABLE_%d: value-%d-$TAG\n", j, i);
		buf_adds(&files[0],
		    "    volumes: ['./data:/data:ro', 'named:/n']\n    logging: *log\n"
		    "    healthcheck: {test: curl -f http://localhost, interval: 30s, retries: "
		    "3}\n");
		buf_addf(&files[1], "    s%d: {mem_limit: 64m, cpu_shares: 10}\n", i);
	}
	buf_adds(&files[0], "volumes: {named: }\n");
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int main(int argc, char **argv)
{
	int services = argc > 1 ? atoi(argv[1]) : 100, runs = argc > 2 ? atoi(argv[2]) : 51;
	auto_free double *times = calloc((size_t)runs + 1, sizeof(*times));
	const struct compose_input in = {
	    .project = "bench", .directory = "/bench", .region = "us-east-1", .read = read_file};

	if (!times || services < 1 || runs < 1)
		return 2;
	write_project(services);
	for (int i = 0; i < runs; i++) {
		struct compose_output out;
		struct ecsfs_error err = {0};
		double start = now_ms();

		if (compose_convert(&in, &out, &err)) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		times[i] = now_ms() - start;
		compose_release(&out);
	}
	qsort(times, (size_t)runs, sizeof(*times), compare);
	printf("| a project of %d services (%zu KiB of YAML), converted, p50 of %d | %.1f ms |\n",
	    services, (files[0].len + files[1].len) / 1024, runs, times[runs / 2]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		buf_release(&files[i]);
	return 0;
}
