/*
 * What does each message of the agent mean for the channel? The link delivers them in order; a
 * switch over payload types handles handshake, output, exit and errors.
 */
#include "backend/exec/channel.h"

#include "backend/base/base64.h"
#include "backend/base/cleanup.h"
#include "backend/exec/crypt.h"
#include "backend/exec/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/*
 * Agents take features from the version that a client claims (agent: datachannel.go): at least
 * 1.2.312.0 for separate output of non-interactive commands, which ECS does not use.
 */
#define CLIENT_VERSION "1.2.764.0"
/* The requests of an agent's handshake; any other is answered as unsupported. */
enum { ACTION_OK = 1, ACTION_FAILED = 2, ACTION_UNSUPPORTED = 3 };

struct channel {
	const struct channel_ops *ops;
	void *arg;
	const struct clock *clock;
	struct link *link;
	char client_id[37];
	bool started, shaking, paused, closed, encrypted;
	unsigned bad; /* broken messages in a row */
	unsigned cols, rows;
	bool size_due;
	char closed_text[256];
	/* The data key: its first half opens what the agent sends, the second seals what it gets. */
	unsigned char key[64];
	struct ecsfs_error failure; /* why a callback of the link failed */
};

static int transmit_frame(void *arg, const void *frame, size_t len)
{
	struct channel *c = arg;

	return c->ops->transmit(c->arg, false, frame, len);
}

static int deliver(void *arg, const struct message *m);

static const struct link_ops link_ops = {.transmit = transmit_frame, .deliver = deliver};

struct channel *channel_new(const struct channel_ops *ops, void *arg, const struct clock *clock)
{
	struct channel *c = calloc(1, sizeof(*c));
	unsigned char id[16];

	if (!c)
		return NULL;
	c->ops = ops;
	c->arg = arg;
	c->clock = clock;
	c->link = link_new(MESSAGE_INPUT, &link_ops, c);
	if (!c->link || message_new_id(id)) {
		channel_free(c);
		return NULL;
	}
	message_id_text(id, c->client_id);
	return c;
}

void channel_free(struct channel *c)
{
	if (!c)
		return;
	link_free(c->link);
	OPENSSL_cleanse(c->key, sizeof(c->key));
	free(c);
}

int channel_open(struct channel *c, const char *token)
{
	json_auto_t *open = NULL;
	char *text;
	unsigned char id[16];
	char request_id[37];
	int r;

	if (message_new_id(id))
		return -EIO;
	message_id_text(id, request_id);
	open = json_pack("{s:s, s:s, s:s, s:s, s:s}", "MessageSchemaVersion", "1.0", "RequestId",
	    request_id, "TokenValue", token, "ClientId", c->client_id, "ClientVersion",
	    CLIENT_VERSION);
	text = open ? json_dumps(open, JSON_COMPACT) : NULL;
	if (!text)
		return -ENOMEM;
	r = c->ops->transmit(c->arg, true, text, strlen(text));
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return r;
}

static int send_payload(struct channel *c, enum payload_type type, const void *bytes, size_t len)
{
	return link_send(c->link, type, bytes, len, clock_mono(c->clock), clock_wall(c->clock));
}

static int send_json(struct channel *c, enum payload_type type, const json_t *json)
{
	auto_free char *text = json_dumps(json, JSON_COMPACT);

	return text ? send_payload(c, type, text, strlen(text)) : -ENOMEM;
}

static int send_size(struct channel *c)
{
	json_auto_t *size = NULL;

	if (!c->size_due || !c->started || !link_room(c->link))
		return 0;
	size = json_pack("{s:i, s:i}", "cols", (int)c->cols, "rows", (int)c->rows);
	c->size_due = false;
	return size ? send_json(c, PAYLOAD_SIZE, size) : -ENOMEM;
}

int channel_resize(struct channel *c, unsigned cols, unsigned rows)
{
	c->size_due = cols != c->cols || rows != c->rows || c->size_due;
	c->cols = cols;
	c->rows = rows;
	return send_size(c);
}

static int start(struct channel *c)
{
	c->started = true;
	c->shaking = false;
	return send_size(c);
}

static int opened(struct channel *c, const struct message *m, struct buf *out)
{
	int r = crypt_open(c->key, m->payload, m->payload_len, out);

	return r ? ecsfs_error_set(&c->failure, EPROTO, NULL,
		       "data channel: a message cannot be decrypted with the session's key")
		 : 0;
}

static int take_bytes(struct channel *c, const struct message *m)
{
	auto_buf struct buf plain = BUF_INIT(MESSAGE_MAX);
	int r = c->started ? 0 : start(c);

	if (r == 0 && !c->encrypted)
		return c->ops->output(c->arg, m->payload, m->payload_len);
	if (r == 0)
		r = opened(c, m, &plain);
	if (r == 0)
		r = c->ops->output(c->arg, plain.data, plain.len);
	if (plain.data)
		OPENSSL_cleanse(plain.data, plain.len);
	return r;
}

static json_t *processed(const char *type, int status, json_t *result, const char *error)
{
	return json_pack("{s:s, s:i, s:o, s:s}", "ActionType", type, "ActionStatus", status,
	    "ActionResult", result ? result : json_null(), "Error", error);
}

static json_t *answer_session_type(const json_t *parameters)
{
	const char *type = json_string_value(json_object_get(parameters, "SessionType"));
	static const char *const shells[] = {
	    "Standard_Stream", "InteractiveCommands", "NonInteractiveCommands"};

	for (size_t i = 0; type && i < ARRAY_SIZE(shells); i++)
		if (!strcmp(type, shells[i]))
			return processed("SessionType", ACTION_OK, NULL, "");
	return processed(
	    "SessionType", ACTION_FAILED, NULL, "only sessions of a shell are supported");
}

static json_t *answer_encryption(struct channel *c, const json_t *parameters)
{
	const char *key_id = json_string_value(json_object_get(parameters, "KMSKeyId"));
	auto_buf struct buf encrypted = BUF_INIT(16 * 1024);
	struct ecsfs_error err = {0};

	if (!key_id || !*key_id)
		return processed("KMSEncryption", ACTION_FAILED, NULL, "KMSKeyId is missing");
	if (c->ops->data_key(c->arg, key_id, c->key, &encrypted, &err)) {
		c->failure = err;
		return processed("KMSEncryption", ACTION_FAILED, NULL, err.message);
	}
	c->encrypted = true;
	return processed("KMSEncryption", ACTION_OK,
	    json_pack("{s:s, s:n}", "KMSCipherTextKey", buf_str(&encrypted), "KMSCipherTextHash"),
	    "");
}

static json_t *answer_action(struct channel *c, const json_t *action)
{
	const char *type = json_string_value(json_object_get(action, "ActionType"));
	const json_t *parameters = json_object_get(action, "ActionParameters");

	if (type && !strcmp(type, "SessionType"))
		return answer_session_type(parameters);
	if (type && !strcmp(type, "KMSEncryption"))
		return answer_encryption(c, parameters);
	return processed(
	    type ? type : "", ACTION_UNSUPPORTED, NULL, "this client does not support the action");
}

/* Without the key nothing can be read; the session's text says why it is missing. */
static int end_of_handshake(struct channel *c)
{
	return c->failure.err ? -c->failure.err : 0;
}

static int take_handshake(struct channel *c, const struct message *m)
{
	json_auto_t *request = json_loadb(m->payload, m->payload_len, 0, NULL);
	json_auto_t *response = json_pack("{s:s, s:[], s:[]}", "ClientVersion", CLIENT_VERSION,
	    "ProcessedClientActions", "Errors");
	const json_t *actions = json_object_get(request, "RequestedClientActions");
	const json_t *action;
	size_t i;
	int r;

	if (!request || !response)
		return ecsfs_error_set(&c->failure, EPROTO, NULL,
		    "data channel: the agent's handshake is not one that ecsfs knows: update ecsfs "
		    "or the agent");
	c->shaking = true;
	json_array_foreach (actions, i, action)
		json_array_append_new(
		    json_object_get(response, "ProcessedClientActions"), answer_action(c, action));
	r = send_json(c, PAYLOAD_HANDSHAKE_RESPONSE, response);
	return r ? r : end_of_handshake(c);
}

/* The agent proves that it has the key, and demands the same proof: its challenge is returned,
 * sealed again. */
static int take_challenge(struct channel *c, const struct message *m)
{
	json_auto_t *request = json_loadb(m->payload, m->payload_len, 0, NULL);
	const char *challenge = json_string_value(json_object_get(request, "Challenge"));
	auto_buf struct buf sealed = BUF_INIT(MESSAGE_MAX), plain = BUF_INIT(MESSAGE_MAX);
	auto_buf struct buf again = BUF_INIT(MESSAGE_MAX), text = BUF_INIT(MESSAGE_MAX);
	json_auto_t *response = NULL;

	if (!challenge || !c->encrypted || base64_decode(challenge, strlen(challenge), &sealed) ||
	    crypt_open(c->key, sealed.data, sealed.len, &plain) ||
	    crypt_seal(c->key + CRYPT_KEY_LEN, plain.data, plain.len, &again) ||
	    base64_encode(again.data, again.len, &text))
		return ecsfs_error_set(&c->failure, EPROTO, NULL,
		    "data channel: the agent's encryption challenge cannot be answered");
	response = json_pack("{s:s}", "Challenge", buf_str(&text));
	return response ? send_json(c, PAYLOAD_CHALLENGE_RESPONSE, response) : -ENOMEM;
}

/* The link's: the next message of the agent's stream. */
static int deliver(void *arg, const struct message *m)
{
	struct channel *c = arg;

	switch (m->payload_type) {
	case PAYLOAD_BYTES:
	case PAYLOAD_STDERR:
		return take_bytes(c, m);
	case PAYLOAD_HANDSHAKE_REQUEST:
		return take_handshake(c, m);
	case PAYLOAD_CHALLENGE_REQUEST:
		return take_challenge(c, m);
	case PAYLOAD_HANDSHAKE_COMPLETE:
		return start(c);
	default:
		return 0;
	}
}

static int take_closed(struct channel *c, const struct message *m)
{
	json_auto_t *json = json_loadb(m->payload, m->payload_len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "Output"));
	struct ecsfs_error clean = {0};

	c->closed = true;
	/* The agent's message reaches a terminal: control characters are removed. */
	ecsfs_error_set(&clean, EIO, NULL, "%.240s", text ? text : "");
	snprintf(c->closed_text, sizeof(c->closed_text), "%.255s", clean.message);
	return 0;
}

static int take(struct channel *c, const struct message *m)
{
	switch (m->type) {
	case MESSAGE_CLOSED:
		return take_closed(c, m);
	case MESSAGE_PAUSE:
	case MESSAGE_START:
		c->paused = m->type == MESSAGE_PAUSE;
		return 0;
	default:
		return link_receive(c->link, m, clock_mono(c->clock), clock_wall(c->clock));
	}
}

int channel_receive(struct channel *c, const void *frame, size_t len, struct ecsfs_error *err)
{
	struct ecsfs_error broken = {0};
	struct message m;
	int r = message_decode(frame, len, &m, &broken);

	if (r) {
		c->bad++;
		if (c->bad < MESSAGE_BAD_MAX)
			return 0;
		*err = broken;
		return r;
	}
	c->bad = 0;
	r = take(c, &m);
	if (r && c->failure.err)
		*err = c->failure;
	else if (r && !err->err)
		ecsfs_error_set(err, -r, NULL, "data channel: %s", strerror(-r));
	return r;
}

bool channel_started(const struct channel *c)
{
	return c->started;
}

bool channel_closed(const struct channel *c, const char **ret_text)
{
	if (ret_text)
		*ret_text = c->closed_text;
	return c->closed;
}

static size_t piece(const struct channel *c)
{
	return MESSAGE_PAYLOAD_MAX - (c->encrypted ? CRYPT_OVERHEAD : 0);
}

size_t channel_room(const struct channel *c)
{
	return c->started && !c->paused && !c->closed ? link_room(c->link) * piece(c) : 0;
}

static int send_piece(struct channel *c, const void *bytes, size_t len)
{
	auto_buf struct buf sealed = BUF_INIT(MESSAGE_MAX);
	int r;

	if (!c->encrypted)
		return send_payload(c, PAYLOAD_BYTES, bytes, len);
	r = crypt_seal(c->key + CRYPT_KEY_LEN, bytes, len, &sealed);
	return r ? r : send_payload(c, PAYLOAD_BYTES, sealed.data, sealed.len);
}

int channel_input(struct channel *c, const void *bytes, size_t len)
{
	const char *at = bytes;
	int r = 0;

	while (r == 0 && len) {
		size_t n = len < piece(c) ? len : piece(c);

		r = send_piece(c, at, n);
		at += n;
		len -= n;
	}
	return r;
}

int channel_terminate(struct channel *c)
{
	uint32_t flag = htonl(MESSAGE_FLAG_TERMINATE);

	return c->closed ? 0 : send_payload(c, PAYLOAD_FLAG, &flag, sizeof(flag));
}

int channel_tick(struct channel *c, int64_t *ret_wait_ms, struct ecsfs_error *err)
{
	int r = send_size(c);

	if (r == 0)
		r = link_tick(c->link, clock_mono(c->clock), ret_wait_ms);
	return r ? ecsfs_error_set(err, -r, NULL, "data channel: %s", strerror(-r)) : 0;
}

void channel_reconnected(struct channel *c)
{
	link_reconnected(c->link);
}

bool channel_idle(const struct channel *c)
{
	return link_idle(c->link);
}

uint64_t channel_progress(const struct channel *c)
{
	return link_progress(c->link);
}
