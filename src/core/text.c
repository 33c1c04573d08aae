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
  size_t count = 0;
  while (strings[count] != NULL)
    count++;
  char **copy = calloc(count + 1, sizeof(*copy));
  for (size_t i = 0; copy != NULL && i < count; i++) {
    copy[i] = strdup(strings[i]);
    if (copy[i] == NULL) {
      lb_strings_free(copy);
      return NULL;
    }
  }
  return copy;
}

void lb_strings_free(char **strings) {
  for (size_t i = 0; strings != NULL && strings[i] != NULL; i++)
    free(strings[i]);
  free(strings);
}
