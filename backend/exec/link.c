/*
 * Which messages are sent again, and which are held? Sent ones are kept in a list until they are
 * acknowledged, early ones in a ring until their turn; the timeout follows the measured round trip.
 */
#include "backend/exec/link.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/queue.h>

/* The retransmission timeout as session-manager-plugin computes it (datachannel.go). */
enum {
	TIMEOUT_FIRST_MS = 200,
	TIMEOUT_MAX_MS = 1000,
	TICK_MS = 10, /* the least slack over the round trip */
};

struct outgoing {
	TAILQ_ENTRY(outgoing) link;
	int64_t sequence;
	int64_t first_ms, last_ms;
	bool repeated; /* its acknowledgement measures nothing */
	bool due;      /* at once: the connection that carried it is lost */
	size_t len;
	unsigned char frame[];
};

struct early {
	struct message m; /* the payload stands behind it */
	unsigned char payload[];
};

struct link {
	enum message_type sends, takes;
	const struct link_ops *ops;
	void *arg;
	int64_t next_out, next_in;
	int64_t acknowledged; /* the highest sequence that was; -1: none */
	bool answered;	      /* something was acknowledged: the other end accepts messages */
	double rtt, variation;
	size_t under_way;
	TAILQ_HEAD(, outgoing) unacknowledged;
	/* A ring: the message with sequence n is in early[n % LINK_EARLY_MAX]. */
	struct early **early;
	size_t early_count, early_bytes;
};

struct link *link_new(enum message_type sends, const struct link_ops *ops, void *arg)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->sends = sends;
	l->takes = sends == MESSAGE_INPUT ? MESSAGE_OUTPUT : MESSAGE_INPUT;
	l->ops = ops;
	l->arg = arg;
	l->rtt = 100;
	l->variation = 25;
	l->acknowledged = -1;
	TAILQ_INIT(&l->unacknowledged);
	return l;
}

void link_free(struct link *l)
{
	struct outgoing *o;

	if (!l)
		return;
	while ((o = TAILQ_FIRST(&l->unacknowledged))) {
		TAILQ_REMOVE(&l->unacknowledged, o, link);
		free(o);
	}
	for (size_t i = 0; l->early && i < LINK_EARLY_MAX; i++)
		free(l->early[i]);
	free(l->early);
	free(l);
}

/* An agent drops input until its terminal exists: a few messages probe until one is acknowledged. */
size_t link_room(const struct link *l)
{
	size_t window = l->answered || l->sends == MESSAGE_OUTPUT ? LINK_WINDOW : LINK_PROBE;

	return l->under_way < window ? window - l->under_way : 0;
}

bool link_idle(const struct link *l)
{
	return l->under_way == 0;
}

static double timeout_ms(const struct link *l)
{
	double slack = 4 * l->variation > TICK_MS ? 4 * l->variation : TICK_MS;
	double ms = l->answered ? l->rtt + slack : TIMEOUT_FIRST_MS;

	return ms < TIMEOUT_MAX_MS ? ms : TIMEOUT_MAX_MS;
}

static void measure(struct link *l, int64_t took_ms)
{
	double off = (double)took_ms - l->rtt;

	l->variation += ((off < 0 ? -off : off) - l->variation) / 4;
	l->rtt += off / 8;
}

static struct outgoing *outgoing_new(const struct message *m)
{
	auto_buf struct buf frame = BUF_INIT(MESSAGE_MAX);
	struct outgoing *o;

	if (message_encode(m, &frame))
		return NULL;
	o = malloc(sizeof(*o) + frame.len);
	if (!o)
		return NULL;
	*o = (struct outgoing){.sequence = m->sequence, .len = frame.len};
	memcpy(o->frame, frame.data, frame.len);
	return o;
}

int link_send(struct link *l, enum payload_type type, const void *payload, size_t len,
    int64_t mono_ms, int64_t wall_ms)
{
	struct message m = {.type = l->sends,
	    .created_ms = wall_ms,
	    .sequence = l->next_out,
	    /* The first message of a stream has the SYN flag. */
	    .flags = l->next_out == 0,
	    .payload_type = type,
	    .payload = payload,
	    .payload_len = len};
	struct outgoing *o;

	if (!link_room(l))
		return -EAGAIN;
	if (message_new_id(m.id))
		return -EIO;
	o = outgoing_new(&m);
	if (!o)
		return -ENOMEM;
	o->first_ms = o->last_ms = mono_ms;
	l->next_out++;
	l->under_way++;
	TAILQ_INSERT_TAIL(&l->unacknowledged, o, link);
	return l->ops->transmit(l->arg, o->frame, o->len);
}

static int acknowledge(struct link *l, const struct message *m, int64_t wall_ms)
{
	auto_buf struct buf frame = BUF_INIT(MESSAGE_MAX);
	struct message ack = {.type = MESSAGE_ACKNOWLEDGE, .created_ms = wall_ms, .flags = 3};
	char id[37], text[320];

	message_id_text(m->id, id);
	ack.payload_len = (size_t)snprintf(text, sizeof(text),
	    "{\"AcknowledgedMessageType\":\"%s\",\"AcknowledgedMessageId\":\"%s\","
	    "\"AcknowledgedMessageSequenceNumber\":%lld,\"IsSequentialMessage\":true}",
	    message_type_name(m->type), id, (long long)m->sequence);
	ack.payload = text;
	if (message_new_id(ack.id))
		return -EIO;
	if (message_encode(&ack, &frame))
		return -ENOMEM;
	return l->ops->transmit(l->arg, frame.data, frame.len);
}

static void forget(struct link *l, struct outgoing *o, int64_t mono_ms)
{
	if (!o->repeated)
		measure(l, mono_ms - o->first_ms);
	l->answered = true;
	if (o->sequence > l->acknowledged)
		l->acknowledged = o->sequence;
	l->under_way--;
	TAILQ_REMOVE(&l->unacknowledged, o, link);
	free(o);
}

static int take_acknowledgement(struct link *l, const struct message *m, int64_t mono_ms)
{
	json_auto_t *json = json_loadb(m->payload, m->payload_len, 0, NULL);
	const json_t *number = json_object_get(json, "AcknowledgedMessageSequenceNumber");
	struct outgoing *o;

	if (!json_is_integer(number))
		return 0; /* AWS's client ignores unknown values here */
	TAILQ_FOREACH (o, &l->unacknowledged, link) {
		if (o->sequence == json_integer_value(number)) {
			forget(l, o, mono_ms);
			break;
		}
	}
	return 0;
}

/* False: it cannot be kept. */
static bool keep_early(struct link *l, const struct message *m)
{
	struct early **slot, *e;

	if (m->sequence - l->next_in >= LINK_EARLY_MAX ||
	    l->early_bytes + m->payload_len > LINK_EARLY_BYTES)
		return false;
	if (!l->early)
		l->early = calloc(LINK_EARLY_MAX, sizeof(struct early *));
	if (!l->early)
		return false;
	slot = &l->early[m->sequence % LINK_EARLY_MAX];
	if (*slot)
		return true;
	e = malloc(sizeof(*e) + m->payload_len);
	if (!e)
		return false;
	e->m = *m;
	memcpy(e->payload, m->payload, m->payload_len);
	e->m.payload = e->payload;
	*slot = e;
	l->early_count++;
	l->early_bytes += m->payload_len;
	return true;
}

/* Delivers messages that waited for the one that just arrived. */
static int deliver_early(struct link *l)
{
	while (l->early_count) {
		struct early **slot = &l->early[l->next_in % LINK_EARLY_MAX];
		struct early *e = *slot;
		int r;

		if (!e)
			return 0;
		r = l->ops->deliver(l->arg, &e->m);
		if (r)
			return r;
		*slot = NULL;
		l->early_count--;
		l->early_bytes -= e->m.payload_len;
		l->next_in++;
		free(e);
	}
	return 0;
}

static int take_next(struct link *l, const struct message *m, int64_t wall_ms)
{
	int r = l->ops->deliver(l->arg, m);

	if (r)
		return r;
	l->next_in++;
	r = acknowledge(l, m, wall_ms);
	return r ? r : deliver_early(l);
}

int link_receive(struct link *l, const struct message *m, int64_t mono_ms, int64_t wall_ms)
{
	if (m->type == MESSAGE_ACKNOWLEDGE)
		return take_acknowledgement(l, m, mono_ms);
	if (m->type != l->takes || m->sequence < 0)
		return 0;
	if (m->sequence == l->next_in)
		return take_next(l, m, wall_ms);
	/* A repetition: its acknowledgement was lost. */
	if (m->sequence < l->next_in || keep_early(l, m))
		return acknowledge(l, m, wall_ms);
	return 0;
}

static int repeat(struct link *l, struct outgoing *o, int64_t mono_ms)
{
	o->repeated = true;
	o->due = false;
	o->last_ms = mono_ms;
	return l->ops->transmit(l->arg, o->frame, o->len);
}

/*
 * AWS's programs repeat only the oldest message. Here messages are repeated too if a later one was
 * acknowledged: they are lost. All others may only wait in a slow peer, or one whose command does
 * not read, and repeating the whole window would flood it.
 */
static bool may_repeat(const struct link *l, const struct outgoing *o)
{
	return o->due || o == TAILQ_FIRST(&l->unacknowledged) || o->sequence < l->acknowledged;
}

int link_tick(struct link *l, int64_t mono_ms, int64_t *ret_wait_ms)
{
	int64_t limit = (int64_t)timeout_ms(l), left;
	struct outgoing *o;

	*ret_wait_ms = -1;
	TAILQ_FOREACH (o, &l->unacknowledged, link) {
		int r = 0;

		if (!may_repeat(l, o))
			break; /* the later ones must not be repeated either */
		if (o->due || mono_ms - o->last_ms >= limit)
			r = repeat(l, o, mono_ms);
		if (r)
			return r;
		left = o->last_ms + limit - mono_ms;
		if (*ret_wait_ms < 0 || left < *ret_wait_ms)
			*ret_wait_ms = left;
	}
	return 0;
}

void link_reconnected(struct link *l)
{
	struct outgoing *o;

	TAILQ_FOREACH (o, &l->unacknowledged, link)
		o->due = true;
}

uint64_t link_progress(const struct link *l)
{
	return (uint64_t)(l->next_out + l->next_in) - l->under_way;
}
