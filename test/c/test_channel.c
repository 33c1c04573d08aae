#include "channel_bench.h"

static void a_call_goes_out_and_its_answer_comes_in(void **state) {
  bench_t *b = *state;
  char got[256];
  uint32_t id = begin(b, LB_CALL_WHOLE, 5);
  far_reads(b, got, sizeof(got)); /* at once: no turn of the loop was needed */
  assert_string_equal(got, "01:1:15 ");
  far_sends(b, id, LB_FRAME_RESULT, 0, settled, sizeof(settled));
  turn(b);
  assert_non_null(strstr(b->seen, "11:1:"));
  assert_int_equal(b->batches, 1);
}

static void many_calls_of_a_turn_are_written_together(void **state) {
  bench_t *b = *state;
  char got[256];
  begin(b, LB_CALL_WHOLE, 0);
  begin(b, LB_CALL_WHOLE, 0);
  begin(b, LB_CALL_WHOLE, 0);
  far_reads(b, got, sizeof(got));
  assert_string_equal(got, "01:1:10 ");
  turn(b);
  far_reads(b, got, sizeof(got));
  assert_string_equal(got, "01:2:10 01:3:10 ");
}

static void frames_of_one_read_come_as_one_batch(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  for (int i = 0; i < 5; i++)
    far_says(b, id, LB_FRAME_DELTA, "tok");
  turn(b);
  assert_string_equal(b->seen, "13:1:tok 13:1:tok 13:1:tok 13:1:tok 13:1:tok ");
  assert_int_equal(b->batches, 1);
}

static void frames_cut_at_every_byte_are_put_together(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  char frame[LB_FRAME_HEADER + 3];
  lb_frame_write(frame, id, LB_FRAME_DELTA, 0, 3);
  memcpy(frame + LB_FRAME_HEADER, "abc", 3);
  for (size_t i = 0; i < sizeof(frame); i++) {
    assert_string_equal(b->seen, "");
    assert_int_equal(write(b->far, &frame[i], 1), 1);
    turn(b);
  }
  assert_string_equal(b->seen, "13:1:abc ");
}

static void consuming_sends_credit(void **state) {
  bench_t *b = *state;
  char got[256];
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  char chunk[2048];
  memset(chunk, 'c', sizeof(chunk));
  far_sends(b, id, LB_FRAME_CHUNK, 0, chunk, sizeof(chunk));
  turn(b);
  far_reads(b, got, sizeof(got));
  lb_channel_consume(b->channel, id, sizeof(chunk) + LB_FRAME_COST);
  turn(b);
  far_reads(b, got, sizeof(got));
  assert_string_equal(got, "03:1:4 ");
}

static void a_cancelled_call_is_silent(void **state) {
  bench_t *b = *state;
  char got[256];
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  turn(b);
  lb_channel_cancel(b->channel, id);
  lb_channel_cancel(b->channel, id); /* twice is once */
  far_says(b, id, LB_FRAME_DELTA, "late");
  far_sends(b, id, LB_FRAME_ERROR, 0, settled, sizeof(settled));
  turn(b);
  far_reads(b, got, sizeof(got));
  assert_string_equal(got, "01:1:10 02:1:0 ");
  assert_string_equal(b->seen, "");
  assert_int_equal(b->batches, 0);
}

static void a_full_socket_is_written_as_it_drains(void **state) {
  bench_t *b = *state;
  char got[4096];
  size_t body = 900 * 1024;
  begin(b, LB_CALL_WHOLE, body);
  turn(b);
  unsigned total = 0;
  for (int i = 0; i < 200 && total < body; i++) {
    static char buf[1 << 16];
    ssize_t n = read(b->far, buf, sizeof(buf));
    if (n > 0) total += (unsigned)n;
    turn(b);
  }
  assert_true(total > body);
  far_reads(b, got, sizeof(got));
  assert_int_equal(b->ended, 0);
}

static void the_end_of_file_is_told_once_after_the_last_words(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0), other;
  char got[256];
  far_reads(b, got, sizeof(got));
  far_says(b, id, LB_FRAME_DELTA, "last");
  close(b->far);
  b->far = -1;
  turn(b);
  turn(b);
  assert_string_equal(b->seen, "13:1:last ");
  assert_int_equal(b->ended, 1);
  assert_int_equal(b->ended_err, LB_OK);
  char *payload = malloc(64);
  assert_int_equal(lb_channel_call(b->channel, "fn", LB_CALL_WHOLE, 1, payload, 64, &other),
                   LB_ESERVER_EXITED);
  free(payload); /* still ours */
}

static void a_reset_is_an_end_too_and_loses_nothing(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0); /* stays unread at the far end: ECONNRESET */
  far_says(b, id, LB_FRAME_DELTA, "last");
  close(b->far);
  b->far = -1;
  for (int i = 0; i < 3; i++)
    turn(b);
  assert_string_equal(b->seen, "13:1:last ");
  assert_int_equal(b->ended, 1);
  assert_int_equal(b->ended_err, LB_OK);
}

static void drain_takes_all_without_the_loop(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  for (int i = 0; i < 20; i++)
    far_says(b, id, LB_FRAME_DELTA, "x");
  lb_channel_drain(b->channel);
  assert_int_equal(strlen(b->seen), 20 * strlen("13:1:x "));
  assert_int_equal(b->ended, 0); /* a fork may keep it open: no end of file is awaited */
}

static void hostile(bench_t *b, const char *bytes, size_t len) {
  assert_int_equal(write(b->far, bytes, len), len);
  turn(b);
  assert_int_equal(b->ended, 1);
  assert_int_equal(b->ended_err, LB_EPROTOCOL);
  turn(b);
  assert_int_equal(b->ended, 1);
}

static void garbage_ends_it(void **state) { hostile(*state, "GET / HTTP/1.1\r\n\r\n", 18); }

static void four_gigabytes_are_refused_from_the_header_alone(void **state) {
  hostile(*state, "\xff\xff\xff\xff\1\0\0\0\x13\0\0\0", 12);
}

static void a_frame_of_an_unknown_call_ends_it(void **state) {
  hostile(*state, "\1\0\0\0\x63\0\0\0\x13\0\0\0x", 13);
}

static void a_call_frame_from_the_worker_ends_it(void **state) {
  hostile(*state, "\0\0\0\0\0\0\0\0\x01\0\0\0", 12);
}

static void a_fragmented_control_message_ends_it(void **state) {
  hostile(*state, "\2\0\0\0\0\0\0\0\x41\1\0\0{}", 14);
}

static void overdrawn_credit_ends_it(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  char chunk[WINDOW];
  memset(chunk, 'c', sizeof(chunk));
  far_sends(b, id, LB_FRAME_CHUNK, 0, chunk, sizeof(chunk));
  turn(b);
  assert_int_equal(b->ended, 0); /* overdrawn by one frame: allowed */
  far_sends(b, id, LB_FRAME_CHUNK, 0, "x", 1);
  turn(b);
  assert_int_equal(b->ended_err, LB_EPROTOCOL);
}

static void closed_by_its_own_handler(void **state) {
  bench_t *b = *state;
  uint32_t id = begin(b, LB_CALL_STREAM, 0);
  b->close_in_batch = 1;
  far_says(b, id, LB_FRAME_DELTA, "x");
  turn(b);
  turn(b);
  assert_int_equal(b->closed, 1);
  assert_int_equal(b->ended, 0);
  b->closed = 0; /* teardown closes the next one */
  int fds[2];
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
  close(b->far);
  b->far = fds[1];
  assert_int_equal(lb_channel_open(&b->loop, fds[0], &handler, b, &b->channel), LB_OK);
}

static void it_never_holds_the_loop(void **state) {
  bench_t *b = *state;
  begin(b, LB_CALL_STREAM, 0);
  uv_unref((uv_handle_t *)&b->holder);
  assert_int_equal(uv_run(&b->loop, UV_RUN_DEFAULT), 0); /* returns although a call is open */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_call_goes_out_and_its_answer_comes_in),
      CASE(many_calls_of_a_turn_are_written_together),
      CASE(frames_of_one_read_come_as_one_batch),
      CASE(frames_cut_at_every_byte_are_put_together),
      CASE(consuming_sends_credit),
      CASE(a_cancelled_call_is_silent),
      CASE(a_full_socket_is_written_as_it_drains),
      CASE(the_end_of_file_is_told_once_after_the_last_words),
      CASE(a_reset_is_an_end_too_and_loses_nothing),
      CASE(drain_takes_all_without_the_loop),
      CASE(garbage_ends_it),
      CASE(four_gigabytes_are_refused_from_the_header_alone),
      CASE(a_frame_of_an_unknown_call_ends_it),
      CASE(a_call_frame_from_the_worker_ends_it),
      CASE(a_fragmented_control_message_ends_it),
      CASE(overdrawn_credit_ends_it),
      CASE(closed_by_its_own_handler),
      CASE(it_never_holds_the_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
