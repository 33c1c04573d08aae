/* What a worker says of itself, out of turn or wrong; and a port that is used without a process. */
#include "port_bench.h"

#define HELLO "41 {\"protocol\":1,\"pid\":1,\"python\":\"3.11.2\",\"executable\":\"/p\"}"
#define READY                                                                                      \
  "42 {\"litellm\":\"1.78.7\",\"memory\":{\"rss\":1,\"vms\":1,\"percent\":1},"                     \
  "\"timings\":{\"interpreter\":1,\"bootstrap\":1,\"import\":1}}"

static void what_is_out_of_turn_or_wrong_ends_it(void **state) {
  bench_t *b = *state;
  const struct {
    const char *frames, *words;
  } rows[] = {
      {"raw " READY, "first frame is not hello"},
      {"raw 44 log", "first frame is not hello"},
      {"raw 43 {}", "first frame is not hello"},
      {"raw 41 {}", "its hello is not valid"},
      {"raw " HELLO "|" HELLO, "its hello is not valid"},
      {"raw " HELLO "|42 {}", "its ready message is not valid"},
      {"raw " HELLO "|" READY "|" READY, "its ready message is not valid"},
      {"raw " HELLO "|43 {\"code\":7}", "its failed message is not valid"},
      {"raw " HELLO "|13 x", "malformed, too large or out of place"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *contradiction;
    b->down = 0;
    start(b, rows[i].frames);
    await(b, &b->down);
    assert_int_equal(b->last.err, LB_EPROTOCOL);
    if (strstr(b->detail, rows[i].words) == NULL)
      fail_msg("%s: \"%s\" is not in: %s", rows[i].frames, rows[i].words, b->detail);
    lb_server_unclaim(); /* else starts would be refused for a while */
    lb_server_claim(NULL, 0, &contradiction);
  }
}

static void one_that_failed_without_detail_is_still_told(void **state) {
  bench_t *b = *state;
  start(b, "raw " HELLO "|43 {\"code\":\"ERR_CONFIG\",\"message\":\"no such file\"}");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ECONFIG);
  assert_int_equal(strncmp(b->detail, "no such file; ", 14), 0);
}

/* The binding's word about a payload, after the process is gone or for another's generation. */
static void the_first_reason_wins(void **state) {
  bench_t *b = *state;
  start(b, "mute");
  await(b, &b->spawned);
  lb_port_violated(b->port, "the first");
  lb_port_violated(b->port, "the second");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_EPROTOCOL);
  assert_int_equal(strncmp(b->detail, "the first; ", 11), 0);
}

static void without_a_process_nothing_happens(void **state) {
  bench_t *b = *state;
  char payload[64];
  uint32_t id;
  lb_port_cancel(b->port, 1);
  lb_port_consume(b->port, 1, 1000);
  lb_port_abort(b->port, 1, LB_ETIMEOUT, NULL);
  assert_int_equal(lb_server_stop(), 0);
  assert_int_equal(lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1, payload, 64, &id),
                   LB_ESERVER_EXITED);
  assert_int_equal(b->down, 0);
}

static void cancel_and_consume_reach_the_channel(void **state) {
  bench_t *b = *state;
  uint32_t id;
  size_t len = LB_CALL_HEAD + 2;
  char *payload = calloc(1, len);
  start(b, "answer");
  assert_int_equal(lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1000, payload, len, &id), LB_OK);
  lb_port_cancel(b->port, id);
  lb_port_consume(b->port, id, 1000);
  await(b, &b->ready);
  payload = calloc(1, len);
  assert_int_equal(lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1000, payload, len, &id), LB_OK);
  while (b->seen[0] == '\0') {
    b->batches = 0;
    await(b, &b->batches);
  }
  assert_string_equal(b->seen, "11:2"); /* of the first nothing came */
}

static void starting_again_is_the_same_one(void **state) {
  bench_t *b = *state;
  start(b, "answer");
  start(b, "answer");
  await(b, &b->ready);
  start(b, "answer");
  await(b, &b->spawned);
  assert_int_equal(b->spawned + b->hello + b->ready, 3); /* each was told once */
}

static void closing_twice_is_once(void **state) {
  bench_t *b = *state;
  start(b, "answer");
  lb_port_close(b->port);
  close_port(b);
  assert_int_equal(b->closed, 1);
}

static void one_that_never_listened_may_leave(void **state) {
  (void)state;
  lb_listener_t stranger = {0};
  lb_server_unlisten(&stranger);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(what_is_out_of_turn_or_wrong_ends_it),
      CASE(one_that_failed_without_detail_is_still_told),
      CASE(the_first_reason_wins),
      CASE(without_a_process_nothing_happens),
      CASE(cancel_and_consume_reach_the_channel),
      CASE(starting_again_is_the_same_one),
      CASE(closing_twice_is_once),
      CASE(one_that_never_listened_may_leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
