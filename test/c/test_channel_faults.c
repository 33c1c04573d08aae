/* A channel that the system or memory fails, and one that is used after its end. */
#include "channel_bench.h"

/* ---- the socket ---- */

static void a_call_that_a_signal_interrupts_is_repeated(void **state) {
  bench_t *b = *state;
  char got[256];
  fault_at(FAULT_SEND, 1, EINTR);
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  assert_int_equal(fault_over(FAULT_SEND), 1);
  far_reads(b, got, sizeof(got));
  assert_string_equal(got, "01:1:10 ");
  far_says(b, id, LB_FRAME_DELTA, "x");
  fault_at(FAULT_RECV, 1, EINTR);
  turn(b);
  assert_int_equal(fault_over(FAULT_RECV), 1);
  assert_string_equal(b->seen, "13:1:x ");
}

/* Nothing else might be written for long, and the call would wait. */
static void what_a_kernel_without_memory_refuses_is_sent_later(void **state) {
  bench_t *b = *state;
  const int refusals[] = {EAGAIN, ENOBUFS, ENOMEM};
  for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
    char got[256], expected[32];
    fault_at(FAULT_SEND, 1, refusals[i]);
    uint32_t id = begin(b, LB_CALL_WHOLE, 0);
    assert_int_equal(fault_over(FAULT_SEND), 1);
    turn(b);
    turn(b);
    far_reads(b, got, sizeof(got));
    snprintf(expected, sizeof(expected), "01:%u:10 ", id);
    assert_string_equal(got, expected);
  }
}

/* What it sent before is still there to be read. */
static void a_write_that_fails_for_good_leaves_the_end_to_the_reader(void **state) {
  bench_t *b = *state;
  fault_at(FAULT_SEND, 1, EPIPE);
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  assert_int_equal(fault_over(FAULT_SEND), 1);
  assert_int_equal(b->ended, 0);
  far_says(b, id, LB_FRAME_DELTA, "last");
  close(b->far);
  b->far = -1;
  turn(b);
  turn(b);
  assert_string_equal(b->seen, "13:1:last ");
  assert_int_equal(b->ended, 1);
}

static void what_is_no_socket_is_refused(void **state) {
  bench_t *b = *state;
  lb_channel_t *other;
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC); /* no loop can poll it */
  assert_int_equal(lb_channel_open(&b->loop, fd, &handler, b, &other), LB_ESPAWN);
  assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* ---- after the end ---- */

static void nothing_is_taken_after_the_end(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0), other;
  char payload[64];
  close(b->far);
  b->far = -1;
  turn(b);
  turn(b);
  assert_int_equal(b->ended, 1);
  lb_channel_cancel(b->channel, id);
  lb_channel_consume(b->channel, id, 1000);
  lb_channel_drain(b->channel);
  assert_int_equal(lb_channel_call(b->channel, "fn", LB_CALL_WHOLE, 1, payload, 64, &other),
                   LB_ESERVER_EXITED);
  turn(b);
  assert_int_equal(b->ended, 1);
}

static void nothing_is_taken_after_close(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0), other;
  char payload[64];
  far_says(b, id, LB_FRAME_DELTA, "late");
  lb_channel_close(b->channel);
  lb_channel_close(b->channel); /* twice is once */
  lb_channel_drain(b->channel);
  lb_channel_cancel(b->channel, id);
  assert_int_equal(lb_channel_call(b->channel, "fn", LB_CALL_WHOLE, 1, payload, 64, &other),
                   LB_ESERVER_EXITED);
  assert_string_equal(b->seen, "");
  assert_int_equal(b->ended, 0);
}

static void what_a_call_that_is_gone_gave_is_no_credit(void **state) {
  bench_t *b = *state;
  char got[256];
  lb_channel_consume(b->channel, 99, 1000000);
  lb_channel_cancel(b->channel, 99);
  turn(b);
  far_reads(b, got, sizeof(got));
  assert_string_equal(got, "");
}

/* ---- memory ---- */

static void no_memory_at_any_step_of_open(void **state) {
  bench_t *b = *state;
  int failures = 0;
  for (int nth = 1;; nth++) {
    int fds[2];
    lb_channel_t *other = NULL;
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    alloc_fail(nth);
    int err = lb_channel_open(&b->loop, fds[0], &handler, b, &other);
    int failed = alloc_restore();
    close(fds[1]);
    if (err == LB_OK) {
      lb_channel_close(other);
      turn(b);
      b->closed = 0;
      if (!failed) break;
    } else {
      assert_int_equal(err, failed ? LB_EMEMORY : LB_OK);
      failures++;
      assert_int_equal(fcntl(fds[0], F_GETFD), -1); /* it was taken over, and closed */
    }
  }
  assert_true(failures >= 3);
}

static void no_memory_for_a_call_leaves_the_channel_well(void **state) {
  bench_t *b = *state;
  uint32_t id;
  char got[256], *payload = calloc(1, 64);
  for (int nth = 1;; nth++) {
    alloc_fail(nth);
    int err = lb_channel_call(b->channel, "fn", LB_CALL_WHOLE, 1, payload, 64, &id);
    alloc_restore();
    if (err == LB_OK) break;
    assert_int_equal(err, LB_EMEMORY);
  }
  turn(b);
  far_reads(b, got, sizeof(got));
  assert_non_null(strstr(got, "01:"));
  assert_null(strstr(strstr(got, "01:") + 1, "01:")); /* once */
}

/* A stream whose credit is lost would wait for ever. */
static void no_memory_for_credit_ends_it(void **state) {
  bench_t *b = *state;
  char chunk[WINDOW];
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  memset(chunk, 'c', sizeof(chunk));
  far_sends(b, id, LB_FRAME_CHUNK, 0, chunk, sizeof(chunk));
  turn(b);
  alloc_fail(1);
  lb_channel_consume(b->channel, id, sizeof(chunk) + LB_FRAME_COST);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(b->ended, 0); /* not from within: the loop tells */
  turn(b);
  assert_int_equal(b->ended, 1);
  assert_int_equal(b->ended_err, LB_EMEMORY);
}

/* The credit of a message that is longer than its window is sent while it comes. */
static void no_memory_for_credit_while_reading_ends_it(void **state) {
  bench_t *b = *state;
  char chunk[WINDOW];
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  memset(chunk, 'c', sizeof(chunk));
  far_sends(b, id, LB_FRAME_CHUNK, LB_FLAG_MORE, chunk, sizeof(chunk));
  alloc_fail(3); /* what was received, the fragment, its credit */
  turn(b);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(b->ended, 1);
  assert_int_equal(b->ended_err, LB_EMEMORY);
}

static void no_memory_for_what_comes_ends_it(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  far_says(b, id, LB_FRAME_DELTA, "x");
  alloc_fail(1);
  turn(b);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(b->ended_err, LB_EMEMORY);
}

/* It runs on, and what it sends is swallowed. */
static void no_memory_for_a_cancel_is_no_end(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  turn(b);
  alloc_fail(1);
  lb_channel_cancel(b->channel, id);
  assert_int_equal(alloc_restore(), 1);
  far_says(b, id, LB_FRAME_DELTA, "late");
  far_sends(b, id, LB_FRAME_END, 0, settled, sizeof(settled));
  turn(b);
  assert_string_equal(b->seen, "");
  assert_int_equal(b->ended, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_call_that_a_signal_interrupts_is_repeated),
      CASE(what_a_kernel_without_memory_refuses_is_sent_later),
      CASE(a_write_that_fails_for_good_leaves_the_end_to_the_reader),
      CASE(what_is_no_socket_is_refused),
      CASE(nothing_is_taken_after_the_end),
      CASE(nothing_is_taken_after_close),
      CASE(what_a_call_that_is_gone_gave_is_no_credit),
      CASE(no_memory_at_any_step_of_open),
      CASE(no_memory_for_a_call_leaves_the_channel_well),
      CASE(no_memory_for_credit_ends_it),
      CASE(no_memory_for_credit_while_reading_ends_it),
      CASE(no_memory_for_what_comes_ends_it),
      CASE(no_memory_for_a_cancel_is_no_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
