#include "errors.h"

#include <stddef.h>
#include <string.h>

typedef struct row {
  int err;
  const char *code, *text, *hint;
} row_t;

static const row_t rows[] = {
#define X(name, code, text, hint) {name, code, text, hint},
    LB_ERRORS(X)
#undef X
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* An err outside the table means that our own state is broken, and what that
 * looks like from outside is a breach of the protocol. */
static const row_t *row_of(int err) {
  const row_t *unknown = NULL;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (rows[i].err == err) return &rows[i];
    if (rows[i].err == LB_EPROTOCOL) unknown = &rows[i];
  }
  return unknown;
}

const char *lb_err_code(int err) { return row_of(err)->code; }

const char *lb_err_text(int err) { return row_of(err)->text; }

const char *lb_err_hint(int err) { return row_of(err)->hint; }

int lb_err_from_code(const char *code) {
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (strcmp(rows[i].code, code) == 0) return rows[i].err;
  return 0;
}
