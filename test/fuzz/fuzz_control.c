/* The JSON control messages over any text. The first byte chooses the message, the second the
 * allocation that fails (0: none). */
#include "control.h"

#include <math.h>

#include "alloc.h"
#include "errors.h"
#include "fuzz.h"

static void require_string(const char *text, size_t size) {
  REQUIRE(memchr(text, '\0', size) != NULL);
}

static void require_measure(double value) { REQUIRE(isfinite(value) && value >= 0); }

static int hello(const char *data, size_t len) {
  lb_hello_t out, before;
  memset(&before, 0x5a, sizeof(before));
  out = before;
  int err = lb_hello_parse(data, len, &out);
  if (err != LB_OK) {
    REQUIRE_EQ(memcmp(&out, &before, sizeof(out)), 0);
    return err;
  }
  REQUIRE(out.pid >= 1);
  REQUIRE(out.protocol >= 0);
  require_string(out.python, sizeof(out.python));
  require_string(out.executable, sizeof(out.executable));
  return err;
}

static int ready(const char *data, size_t len) {
  lb_ready_t out;
  int err = lb_ready_parse(data, len, &out);
  if (err != LB_OK) return err;
  require_string(out.litellm, sizeof(out.litellm));
  const double measures[] = {out.rss_bytes,      out.vms_bytes,    out.memory_percent,
                             out.interpreter_ms, out.bootstrap_ms, out.import_ms};
  for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
    require_measure(measures[i]);
  return err;
}

static int failed(const char *data, size_t len) {
  lb_failed_t out = {0};
  int err = lb_failed_parse(data, len, &out);
  if (err == LB_OK) {
    REQUIRE(out.err < LB_OK);
    REQUIRE(out.message != NULL && out.detail != NULL);
    REQUIRE(strlen(out.message) <= LB_CONTROL_MAX && strlen(out.detail) <= LB_CONTROL_MAX);
  }
  lb_failed_free(&out);
  return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int (*const parsers[])(const char *, size_t) = {hello, ready, failed};
  script_t script = {data, size};
  int (*parse)(const char *, size_t) = parsers[script_byte(&script) % 3];
  int nth = script_byte(&script) % 8;
  char *text = alloc_plain(script.left); /* exact: ASan sees a byte read too far */
  if (script.left > 0) memcpy(text, script.at, script.left);

  alloc_forget();
  int err = parse(text, script.left);
  REQUIRE(err == LB_OK || err == LB_EPROTOCOL);
  REQUIRE_OP(alloc_largest(), <=, LB_CONTROL_MAX + 1);
  alloc_fail(nth);
  int again = parse(text, script.left);
  int did_fail = alloc_restore();
  REQUIRE_EQ(again, did_fail ? LB_EMEMORY : err);
  free(text);
  return 0;
}
