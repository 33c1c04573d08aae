#include "claims.h"

#include <stdlib.h>

#include "errors.h"
#include "support.h"

static const lb_shape_t python_a = {"python", "\"a\"", 0};
static const lb_shape_t python_b = {"python", "\"b\"", 0};

static void agreeing_instances_share(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const char *why = NULL;
  assert_int_equal(lb_claims_add(&claims, &python_a, 1, &why), LB_OK);
  assert_int_equal(lb_claims_add(&claims, &python_a, 1, &why), LB_OK);
  assert_int_equal(lb_claims_add(&claims, NULL, 0, &why), LB_OK); /* says nothing */
  assert_null(why);
  assert_int_equal(lb_claims_remove(&claims), 0);
  assert_int_equal(lb_claims_remove(&claims), 0);
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void a_contradiction_is_named_and_changes_nothing(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const char *why = NULL;
  assert_int_equal(lb_claims_add(&claims, &python_a, 1, &why), LB_OK);
  assert_int_equal(lb_claims_add(&claims, &python_b, 1, &why), LB_EINVALID_ARGUMENT);
  assert_string_equal(why, "python");
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void what_the_first_left_at_default_can_not_be_set_later(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const char *why = NULL;
  assert_int_equal(lb_claims_add(&claims, NULL, 0, &why), LB_OK);
  assert_int_equal(lb_claims_add(&claims, &python_a, 1, &why), LB_EINVALID_ARGUMENT);
  assert_string_equal(why, "python");
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void the_default_agrees_with_a_first_one_that_left_it_out(void **state) {
  (void)state;
  const lb_shape_t on = {"corrections", "true", 1}, off = {"corrections", "false", 0};
  const lb_shape_t *firsts[] = {NULL, &on, &off};
  for (int i = 0; i < 3; i++) {
    lb_claims_t claims = {0};
    const char *why = NULL;
    assert_int_equal(lb_claims_add(&claims, firsts[i], firsts[i] != NULL, &why), LB_OK);
    int agrees = firsts[i] != &off;
    assert_int_equal(lb_claims_add(&claims, &on, 1, &why), agrees ? LB_OK : LB_EINVALID_ARGUMENT);
    assert_int_equal(lb_claims_add(&claims, &off, 1, &why), agrees ? LB_EINVALID_ARGUMENT : LB_OK);
    while (claims.instances > 0)
      lb_claims_remove(&claims);
  }
}

static void after_the_last_the_next_may_differ(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const char *why = NULL;
  assert_int_equal(lb_claims_add(&claims, &python_a, 1, &why), LB_OK);
  assert_int_equal(lb_claims_remove(&claims), 1);
  assert_int_equal(lb_claims_add(&claims, &python_b, 1, &why), LB_OK);
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void a_first_one_that_contradicts_itself_leaves_nothing(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const lb_shape_t both[] = {python_a, python_b};
  const char *why = NULL;
  for (int i = 0; i < LB_SHAPE_MAX; i++) { /* what was left would run over the end */
    assert_int_equal(lb_claims_add(&claims, both, 2, &why), LB_EINVALID_ARGUMENT);
    assert_string_equal(why, "python");
    assert_int_equal(claims.count, 0);
  }
  assert_int_equal(lb_claims_add(&claims, &python_b, 1, &why), LB_OK);
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void more_options_than_there_are_is_refused(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  lb_shape_t many[LB_SHAPE_MAX + 1];
  const char *why = NULL;
  for (int i = 0; i <= LB_SHAPE_MAX; i++)
    many[i] = python_a;
  assert_int_equal(lb_claims_add(&claims, many, LB_SHAPE_MAX + 1, &why), LB_EINVALID_ARGUMENT);
  assert_int_equal(lb_claims_add(&claims, many, LB_SHAPE_MAX, &why), LB_OK);
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void without_memory_nothing_is_claimed(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const lb_shape_t two[] = {python_a, {"env", "digest", 0}};
  const char *why = NULL;
  int err = LB_EMEMORY, nth;
  for (nth = 1; err == LB_EMEMORY; nth++) {
    alloc_fail(nth);
    err = lb_claims_add(&claims, two, 2, &why);
    assert_int_equal(alloc_restore(), err == LB_EMEMORY);
    assert_int_equal(claims.instances, err == LB_OK);
  }
  assert_int_equal(nth, 6); /* two strings each, and the one beyond */
  assert_int_equal(lb_claims_remove(&claims), 1);
}

static void removing_from_none_is_not_the_last(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  assert_int_equal(lb_claims_remove(&claims), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agreeing_instances_share),
      cmocka_unit_test(a_contradiction_is_named_and_changes_nothing),
      cmocka_unit_test(what_the_first_left_at_default_can_not_be_set_later),
      cmocka_unit_test(the_default_agrees_with_a_first_one_that_left_it_out),
      cmocka_unit_test(after_the_last_the_next_may_differ),
      cmocka_unit_test(a_first_one_that_contradicts_itself_leaves_nothing),
      cmocka_unit_test(more_options_than_there_are_is_refused),
      cmocka_unit_test(without_memory_nothing_is_claimed),
      cmocka_unit_test(removing_from_none_is_not_the_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
