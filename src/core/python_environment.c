#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "python_internal.h"
#include "text.h"

/* An environment being built: "NAME=value" entries, each name once. Room for
 * all that can come is made at the start. */
typedef struct table {
  char **entries; /* owned, NULL-terminated */
  size_t count;
  int failed; /* out of memory */
} table_t;

static size_t name_len(const char *entry) { return strcspn(entry, "="); }

static char **slot_of(table_t *table, const char *name, size_t len) {
  size_t i = 0;
  while (i < table->count &&
         (name_len(table->entries[i]) != len || strncmp(table->entries[i], name, len) != 0))
    i++;
  return &table->entries[i];
}

/* Takes over entry; NULL means that its memory could not be had. */
static void put(table_t *table, char *entry) {
  if (entry == NULL) {
    table->failed = 1;
    return;
  }
  char **slot = slot_of(table, entry, name_len(entry));
  if (*slot == NULL) table->count++;
  free(*slot);
  *slot = entry;
}

static void drop(table_t *table, const char *name) {
  char **slot = slot_of(table, name, strlen(name));
  if (*slot == NULL) return;
  free(*slot);
  *slot = table->entries[--table->count];
  table->entries[table->count] = NULL;
}

/* The value, or NULL when unset or empty. */
static const char *value_of(table_t *table, const char *name) {
  const char *entry = *slot_of(table, name, strlen(name));
  if (entry == NULL) return NULL;
  const char *value = entry + name_len(entry) + 1;
  return value[0] == '\0' ? NULL : value;
}

static void put_first(table_t *table, const char *name, const char *folder) {
  const char *old = value_of(table, name);
  put(table, lb_format("%s=%s%s%s", name, folder, old == NULL ? "" : ":", old == NULL ? "" : old));
}

static void put_default(table_t *table, const char *name, const char *value) {
  if (value_of(table, name) == NULL) put(table, lb_format("%s=%s", name, value));
}

static size_t length_of(const char *const *list) {
  size_t n = 0;
  while (list != NULL && list[n] != NULL)
    n++;
  return n;
}

/* An entry without a name sets nothing, and some systems refuse it. */
static void put_all(table_t *table, const char *const *list) {
  for (size_t i = 0; list != NULL && list[i] != NULL; i++)
    if (strchr(list[i], '=') > list[i]) put(table, strdup(list[i]));
}

/* What a layer's folders add to PYTHONPATH, in their order. */
typedef struct folders {
  char list[LB_PATH_LEN];
} folders_t;

static int add_folder(void *arg, const char *folder) {
  folders_t *folders = arg;
  char longer[LB_PATH_LEN];
  if (lb_path(longer, "%s%s%s", folders->list, folders->list[0] == '\0' ? "" : ":", folder))
    memcpy(folders->list, longer, strlen(longer) + 1);
  return 0;
}

/* OpenSSL of a carried interpreter looks for its authorities where it was
 * built. */
static void put_layer(table_t *table, const lb_python_query_t *query, const char *path) {
  folders_t folders = {""};
  char authorities[LB_PATH_LEN];
  lb_layer_folders(query, path, add_folder, &folders);
  if (folders.list[0] != '\0') put_first(table, "PYTHONPATH", folders.list);
  if (lb_package_find(query, 1, path, "certifi/cacert.pem", authorities))
    put_default(table, "SSL_CERT_FILE", authorities);
}

/* Lambda can write to /tmp only, and its HOME is missing or read-only. */
static void put_writable(table_t *table, const char *name) {
  const char *folder = value_of(table, name);
  if (folder == NULL || access(folder, W_OK) != 0) put(table, lb_format("%s=/tmp", name));
}

/* Our own layer carries its own C library, which the host's must not replace.
 */
static int is_own_layer(const char *path) {
  char prefix[LB_PATH_LEN], manifest[LB_PATH_LEN];
  lb_path(prefix, "%s", path);
  lb_path_up(prefix);
  lb_path_up(prefix);
  return lb_path(manifest, "%s/" LB_LAYER_MANIFEST, prefix) && lb_exists(manifest);
}

static void put_interpreter(table_t *table, const lb_python_query_t *query, lb_platform_t platform,
                            const char *path) {
  char folder[LB_PATH_LEN];
  if (lb_path(folder, "%s", path)) {
    lb_path_up(folder);
    put_first(table, "PATH", folder);
  }
  if (lb_python_in_layer(query, platform, path)) put_layer(table, query, path);
  if (is_own_layer(path)) drop(table, "LD_LIBRARY_PATH");
}

char **lb_python_environment(const lb_python_query_t *query, const lb_python_plan_t *plan,
                             const char *const *extra) {
  const char *const *envp = (const char *const *)query->envp;
  const size_t ours = 8; /* names below that may be new, and the NULL */
  table_t table = {0};
  table.entries = calloc(length_of(envp) + length_of(extra) + ours, sizeof(char *));
  if (table.entries == NULL) return NULL;
  put_all(&table, envp);
  put_interpreter(&table, query, plan->platform, plan->candidates[plan->chosen].path);
  if (lb_platform_is_lambda(plan->platform)) {
    put_writable(&table, "TMPDIR");
    put_writable(&table, "HOME");
  }
  put_default(&table, "LITELLM_LOCAL_MODEL_COST_MAP", "True");
  put_all(&table, extra);
  if (table.failed) {
    lb_python_environment_free(table.entries);
    return NULL;
  }
  return table.entries;
}

void lb_python_environment_free(char **envp) {
  for (size_t i = 0; envp != NULL && envp[i] != NULL; i++)
    free(envp[i]);
  free(envp);
}
