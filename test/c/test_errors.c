#include "errors.h"

#include <string.h>

#include "support.h"

static const int all[] = {
#define X(name, code, text, hint) name,
    LB_ERRORS(X)
#undef X
};

#define COUNT (sizeof(all) / sizeof(all[0]))

/* The codes that the documentation promises; order does not matter. */
static const char *const promised[] = {
    "ERR_PYTHON_NOT_FOUND", "ERR_PYTHON_ARCH",      "ERR_PYTHON_BROKEN", "ERR_LITELLM_MISSING",
    "ERR_LITELLM_VERSION",  "ERR_START_TIMEOUT",    "ERR_SPAWN",         "ERR_SERVER_EXITED",
    "ERR_PROTOCOL",         "ERR_TIMEOUT",          "ERR_IDLE_TIMEOUT",  "ERR_OVERLOADED",
    "ERR_CLOSED",           "ERR_INVALID_ARGUMENT", "ERR_MEMORY",        "ERR_PRELOAD",
    "ERR_CONFIG",           "ERR_PROVIDER"};

static void every_promised_code_exists(void **state) {
  (void)state;
  assert_int_equal(COUNT, sizeof(promised) / sizeof(promised[0]));
  for (size_t i = 0; i < COUNT; i++)
    assert_string_equal(lb_err_code(lb_err_from_code(promised[i])), promised[i]);
}

static void codes_and_numbers_are_unique(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    for (size_t j = i + 1; j < COUNT; j++) {
      assert_int_not_equal(all[i], all[j]);
      assert_string_not_equal(lb_err_code(all[i]), lb_err_code(all[j]));
    }
  }
}

static void every_error_says_what_happened_and_what_to_do(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    assert_true(strlen(lb_err_text(all[i])) > 10);
    assert_true(strlen(lb_err_hint(all[i])) > 10);
    assert_string_not_equal(lb_err_text(all[i]), lb_err_hint(all[i]));
  }
}

static void numbers_stay_clear_of_errno_and_libuv(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT; i++)
    assert_in_range(-all[i], 5000, 10000);
}

static void an_unknown_code_is_none(void **state) {
  (void)state;
  assert_int_equal(lb_err_from_code("ERR_NO_SUCH"), 0);
  assert_int_equal(lb_err_from_code(""), 0);
  assert_int_equal(lb_err_from_code("err_closed"), 0);
}

static void an_unknown_number_is_a_breach_of_the_protocol(void **state) {
  (void)state;
  const int odd[] = {0, 1, -1, LB_ERR_BASE, LB_ERR_END, 12345};
  for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
    assert_string_equal(lb_err_code(odd[i]), "ERR_PROTOCOL");
    assert_non_null(lb_err_text(odd[i]));
    assert_non_null(lb_err_hint(odd[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_promised_code_exists),
      cmocka_unit_test(codes_and_numbers_are_unique),
      cmocka_unit_test(every_error_says_what_happened_and_what_to_do),
      cmocka_unit_test(numbers_stay_clear_of_errno_and_libuv),
      cmocka_unit_test(an_unknown_code_is_none),
      cmocka_unit_test(an_unknown_number_is_a_breach_of_the_protocol),
  };
  return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
