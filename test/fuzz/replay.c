/* Runs a fuzz target over the files of its corpus (CORPUS), without a fuzzer: a regression test
 * that needs no clang. Prints what test/c/run counts. */
#include <dirent.h>

#include "fuzz.h"

static void run_file(const char *name) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *data = malloc(size ? size : 1);
  REQUIRE_EQ(fread(data, 1, size, file), size);
  fclose(file);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
}

int main(void) {
  int count = 0;
  DIR *corpus = opendir(CORPUS);
  if (corpus == NULL) {
    perror(CORPUS);
    return 1;
  }
  for (struct dirent *entry; (entry = readdir(corpus)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    fprintf(stderr, "%s\n", entry->d_name); /* the last one is the culprit */
    run_file(entry->d_name);
    count++;
  }
  closedir(corpus);
  printf("[  PASSED  ] %d test(s).\n", count);
  return count == 0;
}
