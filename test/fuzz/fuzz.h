/* What the fuzz targets share: reading the fuzzer's bytes as a script, and checks that print both
 * values and end the process. */
#ifndef LB_FUZZ_H
#define LB_FUZZ_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE_OP(a, op, b)                                                                       \
  do {                                                                                             \
    int64_t fuzz_a = (int64_t)(a), fuzz_b = (int64_t)(b);                                          \
    if (!(fuzz_a op fuzz_b)) {                                                                     \
      fprintf(stderr, "%s:%d: %s (%" PRId64 ") " #op " %s (%" PRId64 ") does not hold\n",          \
              __FILE__, __LINE__, #a, fuzz_a, #b, fuzz_b);                                         \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)
#define REQUIRE_EQ(a, b) REQUIRE_OP(a, ==, b)
#define REQUIRE(a) REQUIRE_OP(!!(a), ==, 1)

/* The script that is left. It reads as zeros after its end. */
typedef struct script {
  const uint8_t *at;
  size_t left;
} script_t;

static inline uint8_t script_byte(script_t *s) {
  if (s->left == 0) return 0;
  s->left--;
  return *s->at++;
}

static inline uint32_t script_u16(script_t *s) {
  uint32_t low = script_byte(s);
  return low | (uint32_t)script_byte(s) << 8;
}

/* At most len bytes, borrowed; *got of them are there. */
static inline const uint8_t *script_take(script_t *s, size_t len, size_t *got) {
  const uint8_t *at = s->at;
  *got = len < s->left ? len : s->left;
  s->at += *got;
  s->left -= *got;
  return at;
}

#endif
