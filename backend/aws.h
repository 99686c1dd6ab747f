/*
 * How is AWS called? This is the one door to it.
 *
 * A client is one identity (a profile's credentials and settings); the region is named by each
 * call, so that a container's log group in another region goes through the same client. Behind the
 * door stand layers, each one function with an inner one, built in aws.c:
 *
 *     meter  >  retry  >  limiter  >  trace  >  sign and send (curl)
 *
 * The limiter stands inside the retries, so that each attempt takes its turn and each throttled
 * response slows down the calls after it.
 *
 * Calls block; they are made from worker threads only. Any number of threads at once.
 */
#ifndef ECSFS_AWS_H
#define ECSFS_AWS_H

#include "backend/base/clock.h"
#include "backend/call.h"

#include <stdint.h>

struct aws_client;
struct aws_settings;

/*
 * Makes one call. On success returns 0 and fills `ret` (release it with aws_response_release);
 * otherwise -errno by the table in error.h, `err` filled, `ret` empty. A service of the query
 * protocol (STS) returns XML, which arrives in `json`, converted (xml.h) and without its wrapping
 * (ActionResponse, ActionResult).
 * Ends at its time limit, at aws_client_cancel(), or before.
 */
int aws_request(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err);

/* The usual form: JSON in, new JSON out (`ret` may be NULL). */
int aws_call(struct aws_client *c, const char *region, const char *service, const char *action,
    const json_t *request, json_t **ret, struct ecsfs_error *err);

/*
 * A client for `settings` (backend/config/settings.h; the client takes it over). Makes no call and
 * starts no thread. NULL and errno on lack of memory.
 */
struct aws_client *aws_client_new(struct aws_settings *settings);
void aws_client_free(struct aws_client *c);

/* Ends every call under way, and every later one, at once with EINTR: for unmount. */
void aws_client_cancel(struct aws_client *c);

/* Closes connections that no call uses, to free their descriptors. */
void aws_client_trim(struct aws_client *c);

/* The default region, the settings it was made from: borrowed, for the client's life. */
const char *aws_client_region_peek(const struct aws_client *c);
const struct aws_settings *aws_client_settings_peek(const struct aws_client *c);
const struct clock *aws_client_clock_peek(const struct aws_client *c);

/* The wall clock as AWS sees it: the machine's, corrected by the skew learnt. */
int64_t aws_client_now_ms(const struct aws_client *c);

#endif
