/*
 * What does a write through the mount cost beside a bare libcurl request? Alternates the two and
 * prints the medians.
 *
 *   write_cost ENDPOINT CLUSTER SERVICE DESIRED_COUNT_FILE ROUNDS
 *
 * The bare request is UpdateService with the same body on a kept connection, signed by libcurl with
 * the keys of the environment. Values alternate between 2 and 3, so that each write changes one.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t swallow(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double percentile(double *samples, int n, double q)
{
	qsort(samples, (size_t)n, sizeof(*samples), by_value);
	return samples[(int)(q * (n - 1) + 0.5)];
}

static CURL *prepare(const char *endpoint, struct curl_slist **headers)
{
	CURL *curl = curl_easy_init();
	char keys[512];

	*headers = curl_slist_append(NULL, "Content-Type: application/x-amz-json-1.1");
	*headers = curl_slist_append(
	    *headers, "X-Amz-Target: AmazonEC2ContainerServiceV20141113.UpdateService");
	snprintf(keys, sizeof(keys), "%s:%s", getenv("AWS_ACCESS_KEY_ID"),
	    getenv("AWS_SECRET_ACCESS_KEY"));
	curl_easy_setopt(curl, CURLOPT_URL, endpoint);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
	curl_easy_setopt(curl, CURLOPT_USERPWD, keys);
	curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:ecs");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
	return curl;
}

static double bare(CURL *curl, const char *cluster, const char *service, int count)
{
	char body[512];
	double start;
	long status = 0;

	snprintf(body, sizeof(body), "{\"cluster\":\"%s\",\"service\":\"%s\",\"desiredCount\":%d}",
	    cluster, service, count);
	curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
	start = now_us();
	curl_easy_perform(curl);
	start = now_us() - start;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		fprintf(stderr, "write_cost: the bare request was answered %ld\n", status);
		exit(1);
	}
	return start;
}

static double through_mount(const char *file, int count)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", count);
	double start = now_us();
	int fd = open(file, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, (size_t)n) != n || close(fd) < 0) {
		perror(file);
		exit(1);
	}
	return now_us() - start;
}

int main(int argc, char **argv)
{
	struct curl_slist *headers;
	int rounds, i;
	double *a, *b, p50a, p50b;
	CURL *curl;

	if (argc != 6) {
		fprintf(stderr, "usage: write_cost ENDPOINT CLUSTER SERVICE FILE ROUNDS\n");
		return 2;
	}
	rounds = atoi(argv[5]);
	a = calloc((size_t)rounds, sizeof(*a));
	b = calloc((size_t)rounds, sizeof(*b));
	curl = prepare(argv[1], &headers);
	bare(curl, argv[2], argv[3], 2);
	through_mount(argv[4], 3);
	for (i = 0; i < rounds; i++) {
		a[i] = bare(curl, argv[2], argv[3], 2);
		b[i] = through_mount(argv[4], 3);
	}
	p50a = percentile(a, rounds, 0.5);
	p50b = percentile(b, rounds, 0.5);
	printf("bare libcurl UpdateService p50 %.0f us p99 %.0f us\n", p50a,
	    percentile(a, rounds, 0.99));
	printf("echo N > desired_count     p50 %.0f us p99 %.0f us\n", p50b,
	    percentile(b, rounds, 0.99));
	printf("difference                 p50 %+.0f us (allowed: 1000 us + 5 %% = %.0f us)\n",
	    p50b - p50a, 1000 + 0.05 * p50a);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	free(a);
	free(b);
	return 0;
}
