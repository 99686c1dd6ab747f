/*
 * Can any response break the readers of credentials, in each of their forms, and of the times in
 * them?
 */
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_answer(const json_t *json, const struct credential_names *names)
{
	struct ecsfs_error err = {0};
	struct credentials *c = NULL;
	int r = provider_credentials(json, names, "fuzz", NULL, &c, &err);

	assert(r ? !c && err.err == -r : *credentials_secret_peek(c) != '\0');
	credentials_unref(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf body = BUF_INIT(LIMIT_CREDENTIAL_RESPONSE);
	json_t *json;
	int64_t ms;

	buf_add(&body, data, size);
	if (!buf_failed(&body) && !iso8601_parse(buf_str(&body), &ms)) {
		char text[21];

		iso8601_format(ms, text);
		assert(strlen(text) == 20);
	}
	json = buf_failed(&body) ? NULL : provider_json(&body);
	if (json) {
		as_answer(json, &names_sts);
		as_answer(json, &names_metadata);
		as_answer(json, &names_sso);
		as_answer(json, &names_login);
	}
	secret_json_free(json);
	secret_buf_release(&body);
	return 0;
}
