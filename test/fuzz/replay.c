/* Runs a fuzz target over files of its corpus, without a fuzzer: a regression test that needs no
 * clang. Prints what test/c/run counts. */
#include "fuzz.h"

static void run_file(const char *path) {
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

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    fprintf(stderr, "%s\n", argv[i]);
    run_file(argv[i]);
  }
  printf("[  PASSED  ] %d test(s).\n", argc - 1);
  return argc < 2;
}
