/* Stands in for malloc, calloc, realloc and strdup of the code under test (linked with --wrap), so
 * that each of them can be made to fail, and the largest can be told. */
#ifndef LB_TEST_ALLOC_H
#define LB_TEST_ALLOC_H

#include <stddef.h>

/* Makes the nth allocation of the code under test from now on fail (1: the next), once. Threads:
 * allocations of all of them count. */
void alloc_fail(int nth);
/* Ends that. 1 when an allocation did fail. */
int alloc_restore(void);

/* The largest number of bytes that was asked for at once since the last alloc_forget. */
size_t alloc_largest(void);
void alloc_forget(void);

/* For the test itself: never made to fail, never counted. */
void *alloc_plain(size_t size);
void *alloc_plain_again(void *old, size_t size);

#endif
