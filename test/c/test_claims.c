#include "claims.h"

#include <stdlib.h>

#include "errors.h"
#include "support.h"

static const lb_shape_t python_a = {"python", "digest-a"};
static const lb_shape_t python_b = {"python", "digest-b"};

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

static void after_the_last_the_next_may_differ(void **state) {
  (void)state;
  lb_claims_t claims = {0};
  const char *why = NULL;
  assert_int_equal(lb_claims_add(&claims, &python_a, 1, &why), LB_OK);
  assert_int_equal(lb_claims_remove(&claims), 1);
  assert_int_equal(lb_claims_add(&claims, &python_b, 1, &why), LB_OK);
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
      cmocka_unit_test(after_the_last_the_next_may_differ),
      cmocka_unit_test(removing_from_none_is_not_the_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
