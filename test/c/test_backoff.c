#include "backoff.h"

#include "support.h"

static void first_failure_costs_nothing(void **state) {
  (void)state;
  lb_backoff_t b = {0};
  assert_int_equal(lb_backoff_wait(&b, 1000), 0);
  lb_backoff_failed(&b, 1000);
  assert_int_equal(lb_backoff_wait(&b, 1000), 0);
}

static void waits_grow_and_pass(void **state) {
  (void)state;
  lb_backoff_t b = {0};
  lb_backoff_failed(&b, 100000);
  lb_backoff_failed(&b, 200000);
  assert_int_equal(lb_backoff_wait(&b, 200000), 200);
  assert_int_equal(lb_backoff_wait(&b, 200150), 50);
  assert_int_equal(lb_backoff_wait(&b, 200200), 0);
  lb_backoff_failed(&b, 300000);
  assert_int_equal(lb_backoff_wait(&b, 300000), 400);
  lb_backoff_failed(&b, 400000);
  assert_int_equal(lb_backoff_wait(&b, 400000), 800);
}

static void five_in_a_minute_stop_for_a_minute(void **state) {
  (void)state;
  lb_backoff_t b = {0};
  for (uint64_t i = 0; i < 5; i++)
    lb_backoff_failed(&b, 5000 + i * 1000);
  assert_int_equal(lb_backoff_wait(&b, 9000), 60000);
  assert_int_equal(lb_backoff_wait(&b, 68999), 1);
  assert_int_equal(lb_backoff_wait(&b, 69000), 0);
}

static void five_over_a_longer_time_do_not(void **state) {
  (void)state;
  lb_backoff_t b = {0};
  for (uint64_t i = 0; i < 6; i++)
    lb_backoff_failed(&b, i * 20000);
  assert_int_equal(lb_backoff_wait(&b, 100000), 1600);
}

static void a_success_forgets(void **state) {
  (void)state;
  lb_backoff_t b = {0};
  for (uint64_t i = 0; i < 5; i++)
    lb_backoff_failed(&b, i);
  lb_backoff_succeeded(&b);
  assert_int_equal(lb_backoff_wait(&b, 5), 0);
  lb_backoff_failed(&b, 6);
  assert_int_equal(lb_backoff_wait(&b, 6), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(first_failure_costs_nothing),
      cmocka_unit_test(waits_grow_and_pass),
      cmocka_unit_test(five_in_a_minute_stop_for_a_minute),
      cmocka_unit_test(five_over_a_longer_time_do_not),
      cmocka_unit_test(a_success_forgets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
