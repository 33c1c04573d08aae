#include "control.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "support.h"

#define HELLO                                                                                      \
  "{\"protocol\":1,\"pid\":4242,\"python\":\"3.11.7\","                                            \
  "\"executable\":\"/opt/python/bin/python3\"}"
#define READY                                                                                      \
  "{\"litellm\":\"1.78.7\","                                                                       \
  "\"memory\":{\"rss\":91234304,\"vms\":412345344,\"percent\":4.5},"                               \
  "\"timings\":{\"interpreter\":31.5,\"bootstrap\":8.25,\"import\":612}}"
#define FAILED                                                                                     \
  "{\"code\":\"ERR_LITELLM_MISSING\",\"message\":\"No module\","                                   \
  "\"detail\":\"sys.path\"}"

/* Each parser over bytes that end at a guard page, so with no NUL after them.
 */
static int hello_bytes(const char *data, size_t len, lb_hello_t *out) {
  char *copy = guard_copy(data, len);
  int err = lb_hello_parse(copy, len, out);
  guard_free(copy, len);
  return err;
}

static int hello(const char *text, lb_hello_t *out) { return hello_bytes(text, strlen(text), out); }

static int ready(const char *text, lb_ready_t *out) {
  size_t len = strlen(text);
  char *copy = guard_copy(text, len);
  int err = lb_ready_parse(copy, len, out);
  guard_free(copy, len);
  return err;
}

static int failed(const char *text, lb_failed_t *out) {
  size_t len = strlen(text);
  char *copy = guard_copy(text, len);
  int err = lb_failed_parse(copy, len, out);
  guard_free(copy, len);
  return err;
}

static void assert_no_hello(const char *text) {
  lb_hello_t out;
  assert_int_equal(hello(text, &out), LB_EPROTOCOL);
}

static void assert_no_ready(const char *text) {
  lb_ready_t out;
  assert_int_equal(ready(text, &out), LB_EPROTOCOL);
}

static void assert_no_failed(const char *text) {
  lb_failed_t out;
  assert_int_equal(failed(text, &out), LB_EPROTOCOL);
}

/* ---- what is right ---- */

static void hello_is_read(void **state) {
  (void)state;
  lb_hello_t out;
  assert_int_equal(hello(HELLO, &out), LB_OK);
  assert_int_equal(out.protocol, 1);
  assert_int_equal(out.pid, 4242);
  assert_string_equal(out.python, "3.11.7");
  assert_string_equal(out.executable, "/opt/python/bin/python3");
}

static void ready_is_read(void **state) {
  (void)state;
  lb_ready_t out;
  assert_int_equal(ready(READY, &out), LB_OK);
  assert_string_equal(out.litellm, "1.78.7");
  assert_true(out.rss_bytes == 91234304 && out.vms_bytes == 412345344);
  assert_true(out.memory_percent == 4.5);
  assert_true(out.interpreter_ms == 31.5 && out.bootstrap_ms == 8.25);
  assert_true(out.import_ms == 612);
}

static void failed_is_read(void **state) {
  (void)state;
  lb_failed_t out;
  assert_int_equal(failed(FAILED, &out), LB_OK);
  assert_int_equal(out.err, LB_ELITELLM_MISSING);
  assert_string_equal(out.message, "No module");
  assert_string_equal(out.detail, "sys.path");
  lb_failed_free(&out);
  lb_failed_free(&out); /* zeroed: no harm */
}

static void order_space_and_unknown_fields_do_not_matter(void **state) {
  (void)state;
  lb_hello_t out;
  assert_int_equal(hello(" \n{ \"new\" : [1,{\"a\":null}],\t\"executable\":\"x\","
                         "\"python\":\"3.13.0\",\r\n\"pid\":1,\"protocol\":2} ",
                         &out),
                   LB_OK);
  assert_int_equal(out.protocol, 2);
  assert_int_equal(out.pid, 1);
}

static void escapes_and_brackets_in_strings_are_text(void **state) {
  (void)state;
  lb_failed_t out;
  assert_int_equal(failed("{\"code\":\"ERR_PRELOAD\",\"message\":"
                          "\"]}{[ \\\"quoted\\\" \\\\ "
                          "\\u00e9\\n[[[[[[[[[[[[\",\"detail\":\"\"}",
                          &out),
                   LB_OK);
  assert_string_equal(out.message, "]}{[ \"quoted\" \\ \xc3\xa9\n[[[[[[[[[[[[");
  lb_failed_free(&out);
}

static void measures_may_be_unknown(void **state) {
  (void)state;
  lb_ready_t out;
  assert_int_equal(ready("{\"litellm\":\"1\",\"memory\":{\"rss\":null,\"vms\":null,"
                         "\"percent\":null},\"timings\":{\"interpreter\":null,"
                         "\"bootstrap\":0,\"import\":1}}",
                         &out),
                   LB_OK);
  assert_true(out.rss_bytes == 0 && out.memory_percent == 0);
}

static void detail_may_be_missing_or_null(void **state) {
  (void)state;
  lb_failed_t out;
  assert_int_equal(failed("{\"code\":\"ERR_PRELOAD\",\"message\":\"m\"}", &out), LB_OK);
  assert_string_equal(out.detail, "");
  lb_failed_free(&out);
  assert_int_equal(failed("{\"code\":\"ERR_PRELOAD\",\"message\":\"m\",\"detail\":null}", &out),
                   LB_OK);
  assert_string_equal(out.detail, "");
  lb_failed_free(&out);
}

static void an_unknown_code_counts_as_an_exit(void **state) {
  (void)state;
  lb_failed_t out;
  assert_int_equal(failed("{\"code\":\"ERR_NEW\",\"message\":\"m\"}", &out), LB_OK);
  assert_int_equal(out.err, LB_ESERVER_EXITED);
  lb_failed_free(&out);
}

static void the_first_of_two_keys_counts(void **state) {
  (void)state;
  lb_hello_t out;
  assert_int_equal(hello("{\"pid\":7,\"pid\":8,\"protocol\":1,\"python\":\"\","
                         "\"executable\":\"\"}",
                         &out),
                   LB_OK);
  assert_int_equal(out.pid, 7);
}

static void long_strings_are_cut_between_characters(void **state) {
  (void)state;
  char text[4096], path[2000];
  lb_hello_t out;
  memset(path, 'a', sizeof(path));
  memcpy(path + 1022, "\xc3\xa9", 2); /* its second byte would not fit */
  path[1999] = '\0';
  snprintf(text, sizeof(text),
           "{\"protocol\":1,\"pid\":1,\"python\":"
           "\"0123456789012345678901234567890123456789\",\"executable\":\"%s\"}",
           path);
  assert_int_equal(hello(text, &out), LB_OK);
  assert_string_equal(out.python, "0123456789012345678901234567890");
  assert_int_equal(strlen(out.executable), 1022);
  assert_int_equal(out.executable[1021], 'a');
}

/* ---- what is wrong ---- */

static void each_field_of_hello_is_needed_and_typed(void **state) {
  (void)state;
  assert_no_hello("{\"pid\":1,\"python\":\"3\",\"executable\":\"x\"}");
  assert_no_hello("{\"protocol\":1,\"python\":\"3\",\"executable\":\"x\"}");
  assert_no_hello("{\"protocol\":1,\"pid\":1,\"executable\":\"x\"}");
  assert_no_hello("{\"protocol\":1,\"pid\":1,\"python\":\"3\"}");
  assert_no_hello("{\"protocol\":\"1\",\"pid\":1,\"python\":\"3\",\"executable\":\"x\"}");
  assert_no_hello("{\"protocol\":1,\"pid\":[1],\"python\":\"3\",\"executable\":\"x\"}");
  assert_no_hello("{\"protocol\":1,\"pid\":1,\"python\":3,\"executable\":\"x\"}");
  assert_no_hello("{\"protocol\":1,\"pid\":1,\"python\":\"3\",\"executable\":null}");
  assert_no_hello("{\"PROTOCOL\":1,\"pid\":1,\"python\":\"3\",\"executable\":\"x\"}");
}

static void a_pid_is_a_positive_whole_number(void **state) {
  (void)state;
  const char *const wrong[] = {"0", "-1", "1.5", "1e999", "-1e999", "NaN", "99999999999", "true"};
  char text[256];
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    snprintf(text, sizeof(text),
             "{\"protocol\":1,\"pid\":%s,\"python\":\"3\",\"executable\":\"x\"}", wrong[i]);
    assert_no_hello(text);
  }
}

static void each_field_of_ready_is_needed_and_typed(void **state) {
  (void)state;
  const char *memory = "{\"rss\":1,\"vms\":1,\"percent\":1}";
  const char *timings = "{\"interpreter\":1,\"bootstrap\":1,\"import\":1}";
  const char *const wrong[][3] = {
      {"1", memory, timings},
      {"null", memory, timings},
      {"\"1\"", "[]", timings},
      {"\"1\"", "null", timings},
      {"\"1\"", "{\"rss\":1,\"vms\":1}", timings},
      {"\"1\"", "{\"rss\":\"1\",\"vms\":1,\"percent\":1}", timings},
      {"\"1\"", "{\"rss\":-1,\"vms\":1,\"percent\":1}", timings},
      {"\"1\"", "{\"rss\":1,\"vms\":1e999,\"percent\":1}", timings},
      {"\"1\"", memory, "7"},
      {"\"1\"", memory, "{\"interpreter\":1,\"bootstrap\":1}"},
      {"\"1\"", memory, "{\"interpreter\":1,\"bootstrap\":{},\"import\":1}"},
  };
  char text[512];
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    snprintf(text, sizeof(text), "{\"litellm\":%s,\"memory\":%s,\"timings\":%s}", wrong[i][0],
             wrong[i][1], wrong[i][2]);
    assert_no_ready(text);
  }
  assert_no_ready("{\"litellm\":\"1\"}");
}

static void each_field_of_failed_is_typed(void **state) {
  (void)state;
  assert_no_failed("{\"message\":\"m\",\"detail\":\"\"}");
  assert_no_failed("{\"code\":\"ERR_PRELOAD\",\"detail\":\"\"}");
  assert_no_failed("{\"code\":7,\"message\":\"m\",\"detail\":\"\"}");
  assert_no_failed("{\"code\":\"ERR_PRELOAD\",\"message\":[],\"detail\":\"\"}");
  assert_no_failed("{\"code\":\"ERR_PRELOAD\",\"message\":\"m\",\"detail\":1}");
}

static void only_one_object_is_a_message(void **state) {
  (void)state;
  assert_no_hello("");
  assert_no_hello(" ");
  assert_no_hello("[]");
  assert_no_hello("null");
  assert_no_hello("\"" HELLO);
  assert_no_hello("7");
  assert_no_hello(HELLO HELLO);
  assert_no_hello(HELLO ",");
  assert_no_hello(HELLO "x");
  assert_no_hello("[" HELLO "]");
  assert_no_hello("}" HELLO);
}

static void a_message_cut_anywhere_is_refused(void **state) {
  (void)state;
  lb_hello_t h;
  for (size_t cut = 0; cut < strlen(HELLO); cut++)
    assert_int_equal(hello_bytes(HELLO, cut, &h), LB_EPROTOCOL);
  assert_int_equal(hello_bytes(HELLO, strlen(HELLO), &h), LB_OK);
}

static void a_failure_leaves_the_result_untouched(void **state) {
  (void)state;
  lb_hello_t out = {.protocol = 77, .pid = 88, .python = "before"};
  assert_int_equal(hello("{\"protocol\":1,\"pid\":2,\"python\":\"3\"}", &out), LB_EPROTOCOL);
  assert_int_equal(out.protocol, 77);
  assert_int_equal(out.pid, 88);
  assert_string_equal(out.python, "before");
}

static void a_nul_byte_ends_nothing(void **state) {
  (void)state;
  const char after[] = HELLO "\0garbage";
  const char within[] = "{\"protocol\":1,\"pid\":1,\"python\":\"3\0\","
                        "\"executable\":\"x\"}";
  const char only[] = "\0";
  lb_hello_t out;
  assert_int_equal(hello_bytes(after, sizeof(after) - 1, &out), LB_EPROTOCOL);
  assert_int_equal(hello_bytes(within, sizeof(within) - 1, &out), LB_EPROTOCOL);
  assert_int_equal(hello_bytes(only, 1, &out), LB_EPROTOCOL);
}

/* ---- caps ---- */

/* HELLO with "x": followed by `depth` nested arrays. */
static char *nested(size_t depth, const char *open, const char *close) {
  static char text[LB_CONTROL_MAX + 1];
  char *at = text + sprintf(text, "%.*s,\"x\":", (int)strlen(HELLO) - 1, HELLO);
  for (size_t i = 0; i < depth; i++)
    at += sprintf(at, "%s", open);
  at += sprintf(at, "0");
  for (size_t i = 0; i < depth; i++)
    at += sprintf(at, "%s", close);
  sprintf(at, "}");
  return text;
}

static void depth_is_capped_at_eight(void **state) {
  (void)state;
  lb_hello_t out;
  assert_int_equal(hello(nested(7, "[", "]"), &out), LB_OK);
  assert_int_equal(hello(nested(8, "[", "]"), &out), LB_EPROTOCOL);
  assert_int_equal(hello(nested(7, "{\"a\":", "}"), &out), LB_OK);
  assert_int_equal(hello(nested(8, "{\"a\":", "}"), &out), LB_EPROTOCOL);
  assert_int_equal(hello(nested(20000, "[", "]"), &out), LB_EPROTOCOL);
}

static void depth_alone_without_an_end_is_refused(void **state) {
  (void)state;
  char *open = malloc(LB_CONTROL_MAX);
  lb_hello_t out;
  memset(open, '[', LB_CONTROL_MAX);
  assert_int_equal(hello_bytes(open, LB_CONTROL_MAX, &out), LB_EPROTOCOL);
  memset(open, '"', LB_CONTROL_MAX);
  assert_int_equal(hello_bytes(open, LB_CONTROL_MAX, &out), LB_EPROTOCOL);
  memset(open, '\\', LB_CONTROL_MAX);
  open[0] = '"';
  assert_int_equal(hello_bytes(open, LB_CONTROL_MAX, &out), LB_EPROTOCOL);
  free(open);
}

static void size_is_capped_at_64_kib(void **state) {
  (void)state;
  size_t len = LB_CONTROL_MAX;
  char *text = malloc(len + 1);
  lb_hello_t out;
  memset(text, ' ', len + 1);
  memcpy(text, HELLO, strlen(HELLO));
  assert_int_equal(hello_bytes(text, len, &out), LB_OK);
  assert_int_equal(hello_bytes(text, len + 1, &out), LB_EPROTOCOL);
  free(text);
}

/* What is too large is refused before anything is allocated for it. */
static void caps_come_before_memory(void **state) {
  (void)state;
  lb_hello_t out;
  char *deep = nested(8, "[", "]");
  alloc_fail(1);
  int err = lb_hello_parse(deep, strlen(deep), &out);
  assert_int_equal(alloc_restore(), 0);
  assert_int_equal(err, LB_EPROTOCOL);
}

/* Every single byte of a good message replaced by each hostile one. */
static void one_wrong_byte_never_crashes(void **state) {
  (void)state;
  const char hostile[] = "\0\x01\x1f\"\\{}[]:,0-9tfn/\x7f\x80\xc3\xff";
  lb_failed_t out;
  for (size_t i = 0; i < strlen(FAILED); i++) {
    for (size_t j = 0; j < sizeof(hostile) - 1; j++) {
      char *copy = guard_copy(FAILED, strlen(FAILED));
      copy[i] = hostile[j];
      int err = lb_failed_parse(copy, strlen(FAILED), &out);
      assert_true(err == LB_OK || err == LB_EPROTOCOL);
      if (err == LB_OK) lb_failed_free(&out);
      guard_free(copy, strlen(FAILED));
    }
  }
}

static void memory_that_runs_out_is_an_error(void **state) {
  (void)state;
  lb_failed_t out;
  int nth = 1, err = LB_OK;
  for (;; nth++) {
    alloc_fail(nth);
    err = lb_failed_parse(FAILED, strlen(FAILED), &out);
    if (!alloc_restore()) break;
    assert_int_equal(err, LB_EMEMORY);
  }
  assert_int_equal(err, LB_OK);
  assert_true(nth > 3); /* the copy, the message, the detail */
  lb_failed_free(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hello_is_read),
      cmocka_unit_test(ready_is_read),
      cmocka_unit_test(failed_is_read),
      cmocka_unit_test(order_space_and_unknown_fields_do_not_matter),
      cmocka_unit_test(escapes_and_brackets_in_strings_are_text),
      cmocka_unit_test(measures_may_be_unknown),
      cmocka_unit_test(detail_may_be_missing_or_null),
      cmocka_unit_test(an_unknown_code_counts_as_an_exit),
      cmocka_unit_test(the_first_of_two_keys_counts),
      cmocka_unit_test(long_strings_are_cut_between_characters),
      cmocka_unit_test(each_field_of_hello_is_needed_and_typed),
      cmocka_unit_test(a_pid_is_a_positive_whole_number),
      cmocka_unit_test(each_field_of_ready_is_needed_and_typed),
      cmocka_unit_test(each_field_of_failed_is_typed),
      cmocka_unit_test(only_one_object_is_a_message),
      cmocka_unit_test(a_message_cut_anywhere_is_refused),
      cmocka_unit_test(a_failure_leaves_the_result_untouched),
      cmocka_unit_test(a_nul_byte_ends_nothing),
      cmocka_unit_test(depth_is_capped_at_eight),
      cmocka_unit_test(depth_alone_without_an_end_is_refused),
      cmocka_unit_test(size_is_capped_at_64_kib),
      cmocka_unit_test(caps_come_before_memory),
      cmocka_unit_test(one_wrong_byte_never_crashes),
      cmocka_unit_test(memory_that_runs_out_is_an_error),
  };
  return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
