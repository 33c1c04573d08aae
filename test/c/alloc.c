#include "alloc.h"

#include <errno.h>
#include <string.h>

static int countdown; /* 0: off */
static int did_fail;
static size_t largest;

static int fails_now(size_t size) {
  size_t known = __atomic_load_n(&largest, __ATOMIC_RELAXED);
  while (size > known && !__atomic_compare_exchange_n(&largest, &known, size, 0, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED))
    ;
  if (__atomic_load_n(&countdown, __ATOMIC_RELAXED) == 0) return 0;
  if (__atomic_sub_fetch(&countdown, 1, __ATOMIC_RELAXED) != 0) return 0;
  __atomic_store_n(&did_fail, 1, __ATOMIC_RELAXED);
  errno = ENOMEM;
  return 1;
}

void alloc_fail(int nth) {
  __atomic_store_n(&did_fail, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&countdown, nth, __ATOMIC_RELAXED);
}

int alloc_restore(void) {
  __atomic_store_n(&countdown, 0, __ATOMIC_RELAXED);
  return __atomic_load_n(&did_fail, __ATOMIC_RELAXED);
}

size_t alloc_largest(void) { return __atomic_load_n(&largest, __ATOMIC_RELAXED); }
void alloc_forget(void) { __atomic_store_n(&largest, 0, __ATOMIC_RELAXED); }

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);

void *__wrap_malloc(size_t size) { return fails_now(size) ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) {
  return fails_now(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
  return fails_now(size) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
  return fails_now(strlen(text) + 1) ? NULL : __real_strdup(text);
}

void *alloc_plain(size_t size) { return __real_malloc(size > 0 ? size : 1); }
void *alloc_plain_again(void *old, size_t size) { return __real_realloc(old, size); }
