/* Small helpers for owned strings. */
#ifndef LB_TEXT_H
#define LB_TEXT_H

/* printf into new memory. Owned by the caller; NULL: out of memory. */
char *lb_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Deep copy of a NULL-terminated array, in one piece: free() takes all. NULL: out of memory. */
char **lb_strings_copy(char *const *strings);

#endif
