#include "overlay.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "support.h"

static char *const base[] = {"PATH=/bin", "HOME=/root", "EMPTY=", NULL};

static void is(char **got, const char *const *expected) {
  size_t i = 0;
  for (; expected[i] != NULL; i++)
    assert_string_equal(got[i], expected[i]);
  assert_null(got[i]);
  free(got);
}

static void an_empty_one_changes_nothing(void **state) {
  (void)state;
  lb_overlay_t overlay = {0};
  is(lb_overlay_apply(&overlay, base), (const char *const *)base);
  lb_overlay_clear(&overlay);
}

static void variables_are_set_replaced_and_taken_away(void **state) {
  (void)state;
  lb_overlay_t overlay = {0};
  lb_overlay_set(&overlay, "NEW=1");
  lb_overlay_set(&overlay, "HOME=/tmp");
  lb_overlay_set(&overlay, "EMPTY");
  lb_overlay_set(&overlay, "NEW=2=3");
  is(lb_overlay_apply(&overlay, base),
     (const char *const[]){"PATH=/bin", "NEW=2=3", "HOME=/tmp", NULL});
  lb_overlay_clear(&overlay);
  is(lb_overlay_apply(&overlay, base), (const char *const *)base);
}

static void a_name_is_not_another_ones_beginning(void **state) {
  (void)state;
  lb_overlay_t overlay = {0};
  lb_overlay_set(&overlay, "HOM");
  lb_overlay_set(&overlay, "PATHS=x");
  is(lb_overlay_apply(&overlay, base),
     (const char *const[]){"PATH=/bin", "HOME=/root", "EMPTY=", "PATHS=x", NULL});
  lb_overlay_clear(&overlay);
}

static void no_memory_changes_nothing(void **state) {
  (void)state;
  lb_overlay_t overlay = {0};
  lb_overlay_set(&overlay, "A=1");
  for (int nth = 1; nth <= 2; nth++) {
    alloc_fail(nth);
    assert_int_equal(lb_overlay_set(&overlay, "B=1"), LB_EMEMORY);
    assert_int_equal(alloc_restore(), 1);
    assert_int_equal(overlay.count, 1);
  }
  alloc_fail(1);
  assert_null(lb_overlay_apply(&overlay, base));
  assert_int_equal(alloc_restore(), 1);
  is(lb_overlay_apply(&overlay, (char *const[]){NULL}), (const char *const[]){"A=1", NULL});
  lb_overlay_clear(&overlay);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_one_changes_nothing),
      cmocka_unit_test(variables_are_set_replaced_and_taken_away),
      cmocka_unit_test(a_name_is_not_another_ones_beginning),
      cmocka_unit_test(no_memory_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
