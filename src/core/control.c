#include "control.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Steps over a string; returns its last quote, or end when there is none. */
static const char *skip_string(const char *p, const char *end) {
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\' && p + 1 < end) p++;
  return p;
}

/* cJSON recurses to a depth of 1000 and stops at a NUL byte without a word, so
 * both are ruled out before it sees anything. */
static int is_tame(const char *data, size_t len) {
  const char *end = data + len;
  unsigned depth = 0;
  if (len == 0 || len > LB_CONTROL_MAX) return 0;
  for (const char *p = data; p < end; p++) {
    if ((unsigned char)*p < 0x20 && !is_space(*p)) return 0;
    if (*p == '"') {
      const char *close = skip_string(p, end);
      if (close == end || memchr(p, '\0', (size_t)(close - p)) != NULL) return 0;
      p = close;
    } else if (*p == '{' || *p == '[') {
      if (++depth > LB_CONTROL_DEPTH) return 0;
    } else if ((*p == '}' || *p == ']') && depth-- == 0) {
      return 0;
    }
  }
  return 1;
}

/* LB_OK: *out is an object, for cJSON_Delete. cJSON can't say that memory ran
 * out, so there that looks like LB_EPROTOCOL. */
static int parse_object(const char *data, size_t len, cJSON **out) {
  if (!is_tame(data, len)) return LB_EPROTOCOL;
  /* A copy with a NUL: cJSON 1.7 reads past the end of some cut inputs. */
  char *text = malloc(len + 1);
  if (text == NULL) return LB_EMEMORY;
  memcpy(text, data, len);
  text[len] = '\0';
  cJSON *root = cJSON_ParseWithLengthOpts(text, len + 1, NULL, 1);
  free(text);
  if (!cJSON_IsObject(root)) {
    cJSON_Delete(root);
    return LB_EPROTOCOL;
  }
  *out = root;
  return LB_OK;
}

static const char *string_of(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Copies what fits, and never half of a UTF-8 character. */
static void copy_cut(char *out, size_t size, const char *text) {
  size_t len = strlen(text);
  if (len >= size) {
    len = size - 1;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
      len--;
  }
  memcpy(out, text, len);
  out[len] = '\0';
}

static int get_string(const cJSON *object, const char *name, char *out, size_t size) {
  const char *text = string_of(object, name);
  if (text == NULL) return LB_EPROTOCOL;
  copy_cut(out, size, text);
  return LB_OK;
}

/* A whole number of at least `low`. */
static int get_int(const cJSON *object, const char *name, int low, int *out) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!cJSON_IsNumber(item)) return LB_EPROTOCOL;
  double value = item->valuedouble;
  if (!(value >= low && value <= INT_MAX) || value != (double)(int)value) return LB_EPROTOCOL;
  *out = (int)value;
  return LB_OK;
}

/* null is a measure that the system does not give. */
static int get_measure(const cJSON *object, const char *name, double *out) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (cJSON_IsNull(item)) {
    *out = 0;
    return LB_OK;
  }
  if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < 0)
    return LB_EPROTOCOL;
  *out = item->valuedouble;
  return LB_OK;
}

int lb_hello_parse(const char *data, size_t len, lb_hello_t *out) {
  cJSON *root = NULL;
  lb_hello_t hello = {0};
  int pid = 0;
  int err = parse_object(data, len, &root);
  if (err == LB_OK) err = get_int(root, "protocol", 0, &hello.protocol);
  if (err == LB_OK) err = get_int(root, "pid", 1, &pid);
  if (err == LB_OK) err = get_string(root, "python", hello.python, sizeof(hello.python));
  if (err == LB_OK)
    err = get_string(root, "executable", hello.executable, sizeof(hello.executable));
  cJSON_Delete(root);
  hello.pid = pid;
  if (err == LB_OK) *out = hello;
  return err;
}

static int get_memory(const cJSON *root, lb_ready_t *ready) {
  const cJSON *memory = cJSON_GetObjectItemCaseSensitive(root, "memory");
  int err = get_measure(memory, "rss", &ready->rss_bytes);
  if (err == LB_OK) err = get_measure(memory, "vms", &ready->vms_bytes);
  if (err == LB_OK) err = get_measure(memory, "percent", &ready->memory_percent);
  return err;
}

static int get_timings(const cJSON *root, lb_ready_t *ready) {
  const cJSON *timings = cJSON_GetObjectItemCaseSensitive(root, "timings");
  int err = get_measure(timings, "interpreter", &ready->interpreter_ms);
  if (err == LB_OK) err = get_measure(timings, "bootstrap", &ready->bootstrap_ms);
  if (err == LB_OK) err = get_measure(timings, "import", &ready->import_ms);
  return err;
}

int lb_ready_parse(const char *data, size_t len, lb_ready_t *out) {
  cJSON *root = NULL;
  lb_ready_t ready = {0};
  int err = parse_object(data, len, &root);
  if (err == LB_OK) err = get_string(root, "litellm", ready.litellm, sizeof(ready.litellm));
  if (err == LB_OK) err = get_memory(root, &ready);
  if (err == LB_OK) err = get_timings(root, &ready);
  cJSON_Delete(root);
  if (err == LB_OK) *out = ready;
  return err;
}

/* A start that failed without detail is still better told than called a breach
 * of the protocol, so detail alone may be missing or null. */
static int get_detail(const cJSON *root, const char **detail) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "detail");
  *detail = item == NULL || cJSON_IsNull(item) ? "" : cJSON_GetStringValue(item);
  return *detail == NULL ? LB_EPROTOCOL : LB_OK;
}

static int fill_failed(const cJSON *root, lb_failed_t *failed) {
  const char *code = string_of(root, "code");
  const char *message = string_of(root, "message");
  const char *detail = NULL;
  if (code == NULL || message == NULL || get_detail(root, &detail) != LB_OK) return LB_EPROTOCOL;
  failed->err = lb_err_from_code(code);
  if (failed->err == 0) failed->err = LB_ESERVER_EXITED;
  failed->message = strdup(message);
  failed->detail = strdup(detail);
  if (failed->message == NULL || failed->detail == NULL) return LB_EMEMORY;
  return LB_OK;
}

int lb_failed_parse(const char *data, size_t len, lb_failed_t *out) {
  cJSON *root = NULL;
  lb_failed_t failed = {0};
  int err = parse_object(data, len, &root);
  if (err == LB_OK) err = fill_failed(root, &failed);
  cJSON_Delete(root);
  if (err == LB_OK)
    *out = failed;
  else
    lb_failed_free(&failed);
  return err;
}

void lb_failed_free(lb_failed_t *failed) {
  free(failed->message);
  free(failed->detail);
  *failed = (lb_failed_t){0};
}
