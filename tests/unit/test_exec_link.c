/*
 * What does a link repeat, and when? A slow peer gets its oldest message again and no other, a lost
 * message comes again, and none is given up.
 */
#include "backend/exec/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The sequences that went out since the last look, in their order. */
static int64_t sent[64];
static size_t sent_count;

static int transmit(void *arg, const void *frame, size_t len)
{
	struct message m;

	(void)arg;
	assert_int_equal(message_decode(frame, len, &m, NULL), 0);
	assert_true(sent_count < 64);
	sent[sent_count++] = m.sequence;
	return 0;
}

static int deliver(void *arg, const struct message *m)
{
	(void)arg, (void)m;
	return 0;
}

static const struct link_ops ops = {.transmit = transmit, .deliver = deliver};

static void acknowledge(struct link *l, int64_t sequence, int64_t at_ms)
{
	char text[64];
	struct message m = {.type = MESSAGE_ACKNOWLEDGE, .payload = text};

	m.payload_len = (size_t)snprintf(text, sizeof(text),
	    "{\"AcknowledgedMessageSequenceNumber\":%lld}", (long long)sequence);
	assert_int_equal(link_receive(l, &m, at_ms, 0), 0);
}

/* A link whose messages 1 to 9 are under way since 10 ms. */
static struct link *link_under_way(void)
{
	struct link *l = link_new(MESSAGE_INPUT, &ops, NULL);

	link_send(l, PAYLOAD_BYTES, "x", 1, 0, 0);
	acknowledge(l, 0, 10);
	for (int i = 1; i < 10; i++)
		assert_int_equal(link_send(l, PAYLOAD_BYTES, "x", 1, 10, 0), 0);
	sent_count = 0;
	return l;
}

static void tick(struct link *l, int64_t at_ms)
{
	int64_t wait_ms;

	sent_count = 0;
	assert_int_equal(link_tick(l, at_ms, &wait_ms), 0);
	assert_true(wait_ms > 0);
}

static void test_a_slow_peer_gets_the_oldest_again(void **state)
{
	struct link *l = link_under_way();

	(void)state;
	tick(l, 11);
	assert_int_equal(sent_count, 0);
	for (int64_t at = 2000; at < 20000; at += 2000) {
		tick(l, at);
		assert_int_equal(sent_count, 1);
		assert_int_equal(sent[0], 1);
	}
	link_free(l);
}

static void test_what_was_lost_comes_again(void **state)
{
	struct link *l = link_under_way();

	(void)state;
	acknowledge(l, 1, 20);
	acknowledge(l, 3, 20);
	acknowledge(l, 6, 20);
	tick(l, 2000);
	assert_int_equal(sent_count, 3);
	assert_int_equal(sent[0], 2);
	assert_int_equal(sent[1], 4);
	assert_int_equal(sent[2], 5);
	link_free(l);
}

static void test_a_new_connection_gets_all_at_once(void **state)
{
	struct link *l = link_under_way();

	(void)state;
	link_reconnected(l);
	tick(l, 12);
	assert_int_equal(sent_count, 9);
	tick(l, 13);
	assert_int_equal(sent_count, 0);
	link_free(l);
}

/* An agent whose command does not read acknowledges nothing while that lasts. */
static void test_an_hour_without_acknowledgement_is_no_end(void **state)
{
	struct link *l = link_under_way();
	uint64_t before = link_progress(l);

	(void)state;
	for (int64_t at = 0; at < 3600 * 1000; at += 60 * 1000)
		tick(l, 1000 + at);
	assert_int_equal(link_progress(l), before);
	for (int i = 1; i < 10; i++)
		acknowledge(l, i, 3600 * 1000);
	assert_true(link_idle(l));
	assert_int_equal(link_progress(l), before + 9);
	link_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_slow_peer_gets_the_oldest_again),
	    cmocka_unit_test(test_what_was_lost_comes_again),
	    cmocka_unit_test(test_a_new_connection_gets_all_at_once),
	    cmocka_unit_test(test_an_hour_without_acknowledgement_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
