/*
 * Which errno does an answer of AWS mean, and may the call be repeated? The table of codes, read
 * from its top; statuses where no row fits.
 */
#include "backend/error.h"

#include "backend/base/cleanup.h"
#include "backend/base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int ecsfs_error_set(struct ecsfs_error *e, int err, const char *code, const char *fmt, ...)
{
	va_list ap;

	assert(err > 0);
	if (!e)
		return -err;
	*e = (struct ecsfs_error){.err = err};
	if (code)
		snprintf(e->code, sizeof(e->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	text_plain(e->code);
	text_plain(e->message);
	return -err;
}

int ecsfs_error_not_aws(struct ecsfs_error *e, const char *action, const char *why, ...)
{
	char words[sizeof(e->message) / 2] = "";
	va_list ap;

	if (why) {
		va_start(ap, why);
		vsnprintf(words, sizeof(words), why, ap);
		va_end(ap);
	}
	return ecsfs_error_set(e, EIO, NULL,
	    "%s: the response is not AWS's%s%s%s: check endpoint and proxy (ecsfs doctor)", action,
	    why ? " (" : "", words, why ? ")" : "");
}

int ecsfs_error_wrap(struct ecsfs_error *e, const char *fmt, ...)
{
	char context[sizeof(e->message) / 2];
	va_list ap;
	size_t n;

	if (!e || !e->err)
		return -EIO;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context) - 2, fmt, ap);
	va_end(ap);
	text_plain(context);
	n = strlen(context);
	context[n++] = ':';
	context[n++] = ' ';
	memmove(e->message + n, e->message, sizeof(e->message) - n);
	e->message[sizeof(e->message) - 1] = '\0';
	memcpy(e->message, context, n);
	text_plain(e->message);
	return -e->err;
}

/*
 * The first row that fits wins, so the rows of one action stand first. `begins`: only for messages
 * that begin so; a last resort where neither code nor state distinguishes two errors.
 */
struct row {
	struct aws_rule rule;
	const char *action;
	const char *begins;
};

#define ROW(code_, err_, retry_)                                                                   \
	{                                                                                          \
		.rule = {.code = (code_), .err = (err_), .retry = (retry_) }                       \
	}
#define ROW_OF(action_, code_, err_, retry_)                                                       \
	{                                                                                          \
		.rule = {.code = (code_), .err = (err_), .retry = (retry_)}, .action = (action_)   \
	}

static const struct row rows[] = {
    ROW_OF("DescribeTaskDefinition", "ClientException", ENOENT, RETRY_NEVER),
    /* "Invalid revision number": a name that cannot exist. */
    ROW_OF("DescribeTaskDefinition", "InvalidParameterException", ENOENT, RETRY_NEVER),
    ROW_OF("StopTask", "InvalidParameterException", ENOENT, RETRY_NEVER),
    /* Nothing was made: another registration of the family blocks it for a moment. */
    {.rule = {"ClientException", EBUSY, RETRY_THROTTLE},
	.action = "RegisterTaskDefinition",
	.begins = "Too many concurrent attempts"},

    ROW("ThrottlingException", EBUSY, RETRY_THROTTLE),
    ROW("Throttling", EBUSY, RETRY_THROTTLE),
    ROW("ThrottledException", EBUSY, RETRY_THROTTLE),
    ROW("RequestThrottledException", EBUSY, RETRY_THROTTLE),
    ROW("RequestThrottled", EBUSY, RETRY_THROTTLE),
    ROW("TooManyRequestsException", EBUSY, RETRY_THROTTLE),
    ROW("RequestLimitExceeded", EBUSY, RETRY_THROTTLE),
    ROW("BandwidthLimitExceeded", EBUSY, RETRY_THROTTLE),
    ROW("SlowDown", EBUSY, RETRY_THROTTLE),
    ROW("ProvisionedThroughputExceededException", EBUSY, RETRY_THROTTLE),
    ROW("PriorRequestNotComplete", EBUSY, RETRY_THROTTLE),
    ROW("TransactionInProgressException", EBUSY, RETRY_THROTTLE),
    ROW("EC2ThrottledException", EBUSY, RETRY_THROTTLE),
    ROW("ConcurrentUpdateException", EBUSY, RETRY_THROTTLE),

    ROW("LimitExceededException", EDQUOT, RETRY_QUOTA),
    ROW("AttributeLimitExceededException", EDQUOT, RETRY_NEVER),

    ROW("ServerException", EIO, RETRY_TRANSIENT),
    ROW("InternalFailure", EIO, RETRY_TRANSIENT),
    ROW("InternalServerError", EIO, RETRY_TRANSIENT),
    ROW("InternalError", EIO, RETRY_TRANSIENT),
    ROW("InternalServerException", EIO, RETRY_TRANSIENT),
    ROW("ServiceUnavailable", EIO, RETRY_TRANSIENT),
    ROW("ServiceUnavailableException", EIO, RETRY_TRANSIENT),
    ROW("RequestTimeout", EIO, RETRY_TRANSIENT),
    ROW("RequestTimeoutException", EIO, RETRY_TRANSIENT),
    ROW("IDPCommunicationError", EIO, RETRY_TRANSIENT),
    ROW("InternalServiceException", EIO, RETRY_TRANSIENT),
    ROW("InternalServiceFault", EIO, RETRY_TRANSIENT),
    ROW("Unavailable", EIO, RETRY_TRANSIENT),
    ROW("RequestAborted", EIO, RETRY_TRANSIENT),

    ROW("ExpiredTokenException", EACCES, RETRY_AUTH),
    ROW("ExpiredToken", EACCES, RETRY_AUTH),
    ROW("UnrecognizedClientException", EACCES, RETRY_KEYS),
    ROW("InvalidClientTokenId", EACCES, RETRY_KEYS),
    ROW("InvalidSignatureException", EACCES, RETRY_SKEW),
    ROW("SignatureDoesNotMatch", EACCES, RETRY_SKEW),
    ROW("RequestTimeTooSkewed", EACCES, RETRY_SKEW),
    ROW("RequestInTheFuture", EACCES, RETRY_SKEW),
    ROW("RequestExpired", EACCES, RETRY_SKEW),
    ROW("IncompleteSignatureException", EACCES, RETRY_NEVER),
    ROW("IncompleteSignature", EACCES, RETRY_NEVER),
    ROW("MissingAuthenticationTokenException", EACCES, RETRY_NEVER),
    ROW("MissingAuthenticationToken", EACCES, RETRY_NEVER),
    ROW("AccessDeniedException", EACCES, RETRY_NEVER),
    ROW("AccessDenied", EACCES, RETRY_NEVER),
    ROW("OptInRequired", EACCES, RETRY_NEVER),
    ROW("NotAuthorized", EACCES, RETRY_NEVER),
    ROW("BlockedException", EACCES, RETRY_NEVER),
    ROW("RegionDisabledException", EACCES, RETRY_NEVER),
    /* EC2's names for the same. */
    ROW("UnauthorizedOperation", EACCES, RETRY_NEVER),
    ROW("AuthFailure", EACCES, RETRY_SKEW),
    ROW("OperationNotPermitted", EACCES, RETRY_NEVER),

    ROW("InvalidParameterException", EINVAL, RETRY_NEVER),
    ROW("ClientException", EINVAL, RETRY_NEVER),
    ROW("ValidationException", EINVAL, RETRY_NEVER),
    ROW("ValidationError", EINVAL, RETRY_NEVER),
    ROW("InvalidIdentityToken", EINVAL, RETRY_NEVER),
    ROW("SerializationException", EINVAL, RETRY_NEVER),
    ROW("MalformedHttpRequestException", EINVAL, RETRY_NEVER),
    /* The endpoint does not have the action. */
    ROW("UnknownOperationException", EOPNOTSUPP, RETRY_NEVER),
    ROW("UnknownOperation", EOPNOTSUPP, RETRY_NEVER),
    ROW("InvalidAction", EOPNOTSUPP, RETRY_NEVER),
    ROW("NotImplementedException", EOPNOTSUPP, RETRY_NEVER),
    ROW("UnsupportedFeatureException", EINVAL, RETRY_NEVER),
    ROW("PlatformUnknownException", EINVAL, RETRY_NEVER),
    ROW("PlatformTaskDefinitionIncompatibilityException", EINVAL, RETRY_NEVER),
    ROW("NamespaceNotFoundException", EINVAL, RETRY_NEVER),
    ROW("InvalidOperationException", EINVAL, RETRY_NEVER),

    ROW("ClusterNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ServiceNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ServiceNotActiveException", ENOENT, RETRY_NEVER),
    ROW("TaskSetNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ServiceDeploymentNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ResourceNotFoundException", ENOENT, RETRY_NEVER),
    ROW("TargetNotFoundException", ENOENT, RETRY_NEVER),
    ROW("RepositoryNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ImageNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ObjectNotFoundException", ENOENT, RETRY_NEVER),
    ROW("ResourceNotFound", ENOENT, RETRY_NEVER),
    ROW("TargetGroupNotFound", ENOENT, RETRY_NEVER),
    ROW("LoadBalancerNotFound", ENOENT, RETRY_NEVER),
    ROW("ListenerNotFound", ENOENT, RETRY_NEVER),
    ROW("RuleNotFound", ENOENT, RETRY_NEVER),
    ROW("InvalidNetworkInterfaceID.NotFound", ENOENT, RETRY_NEVER),

    ROW("ClusterContainsServicesException", ENOTEMPTY, RETRY_NEVER),
    ROW("ClusterContainsTasksException", ENOTEMPTY, RETRY_NEVER),
    ROW("ClusterContainsContainerInstancesException", ENOTEMPTY, RETRY_NEVER),
    ROW("ClusterContainsCapacityProviderException", ENOTEMPTY, RETRY_NEVER),

    ROW("UpdateInProgressException", EBUSY, RETRY_NEVER),
    ROW("ResourceInUseException", EBUSY, RETRY_NEVER),
    ROW("ResourceAlreadyExistsException", EEXIST, RETRY_NEVER),
    ROW("ConflictException", EBUSY, RETRY_NEVER),
    ROW("TargetNotConnectedException", ENOTCONN, RETRY_NEVER),
    ROW("RequestEntityTooLargeException", EFBIG, RETRY_NEVER),
};

static bool fits(const struct row *r, const char *action, const char *code, const char *message)
{
	if (strcmp(r->rule.code, code) != 0)
		return false;
	if (r->action && (!action || strcmp(r->action, action) != 0))
		return false;
	return !r->begins || (message && !strncmp(message, r->begins, strlen(r->begins)));
}

static const struct aws_rule *rule_for_status(int status)
{
	static const struct aws_rule throttled = {"", EBUSY, RETRY_THROTTLE};
	static const struct aws_rule transient = {"", EIO, RETRY_TRANSIENT};
	static const struct aws_rule elsewhere = {"", EIO, RETRY_NEVER};
	static const struct aws_rule refused = {"", EINVAL, RETRY_NEVER};

	if (status == 407) /* not from AWS, but from a proxy on the way to it */
		return &elsewhere;
	if (status == 429)
		return &throttled;
	if (status >= 500)
		return &transient;
	return status >= 400 ? &refused : &elsewhere;
}

const struct aws_rule *aws_rule_for_answer(
    const char *action, const char *code, const char *message, int http_status)
{
	static const struct aws_rule lacking = {"", EOPNOTSUPP, RETRY_NEVER};

	/* AWS itself never returns it, but partial emulators of AWS do, with InternalFailure. A
	 * page without a code is a proxy's. */
	if (http_status == 501 && code && *code)
		return &lacking;
	for (size_t i = 0; code && *code && i < ARRAY_SIZE(rows); i++)
		if (fits(&rows[i], action, code, message))
			return &rows[i].rule;
	return rule_for_status(http_status);
}

const struct aws_rule *aws_rule_for(const char *action, const char *code, int http_status)
{
	return aws_rule_for_answer(action, code, NULL, http_status);
}

int aws_failure_errno(const char *reason)
{
	if (!strcmp(reason, "MISSING") || !strcmp(reason, "INACTIVE"))
		return ENOENT;
	if (!strcmp(reason, "DEPLOYMENT_BLOCKED") || !strncmp(reason, "RESOURCE:", 9))
		return EBUSY;
	return EINVAL;
}

#ifndef __GLIBC__
/* The errnos in this program's tables and of the system calls that it makes. */
static const char *strerrorname_np(int err)
{
#define NAME(e)                                                                                    \
	{                                                                                          \
		e, #e                                                                              \
	}
	static const struct {
		int err;
		const char *name;
	} names[] = {NAME(EACCES), NAME(EAGAIN), NAME(EBADF), NAME(EBUSY), NAME(ECANCELED),
	    NAME(ECONNABORTED), NAME(ECONNREFUSED), NAME(ECONNRESET), NAME(EDQUOT), NAME(EEXIST),
	    NAME(EFBIG), NAME(EHOSTUNREACH), NAME(EINTR), NAME(EINVAL), NAME(EIO), NAME(EISDIR),
	    NAME(EMFILE), NAME(ENAMETOOLONG), NAME(ENFILE), NAME(ENODATA), NAME(ENODEV),
	    NAME(ENOENT), NAME(ENOMEM), NAME(ENOSPC), NAME(ENOTCONN), NAME(ENOTDIR),
	    NAME(ENOTEMPTY), NAME(ENOTTY), NAME(EOPNOTSUPP), NAME(EPERM), NAME(EPIPE), NAME(EPROTO),
	    NAME(ERANGE), NAME(EROFS), NAME(ESHUTDOWN), NAME(ESTALE), NAME(ETIMEDOUT)};
#undef NAME

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].err == err)
			return names[i].name;
	return NULL;
}
#endif

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "E?";
}
