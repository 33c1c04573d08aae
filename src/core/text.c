#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *lb_format(const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = len < 0 ? NULL : malloc((size_t)len + 1);
  if (text != NULL) vsnprintf(text, (size_t)len + 1, format, again);
  va_end(again);
  return text;
}

char **lb_strings_copy(char *const *strings) {
  size_t count = 0, bytes = 0;
  for (; strings[count] != NULL; count++)
    bytes += strlen(strings[count]) + 1;
  char **copy = malloc((count + 1) * sizeof(*copy) + bytes);
  if (copy == NULL) return NULL;
  char *at = (char *)(copy + count + 1);
  for (size_t i = 0; i < count; i++) {
    size_t size = strlen(strings[i]) + 1;
    copy[i] = memcpy(at, strings[i], size);
    at += size;
  }
  copy[count] = NULL;
  return copy;
}
