#include "python.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "python_internal.h"
#include "text.h"

#define PATH_FOLDERS_MAX 32 /* of PATH that are looked into */

/* One run of lb_python_plan. */
typedef struct search {
  const lb_python_query_t *query;
  lb_python_plan_t *plan;
  int script; /* index of the first script that passed, or -1 */
} search_t;

const char *lb_python_source_name(lb_python_source_t source) {
  static const char *const names[] = {
      [LB_PYTHON_OPTION] = "option", [LB_PYTHON_VARIABLE] = "variable", [LB_PYTHON_LAYER] = "layer",
      [LB_PYTHON_VENV] = "venv",     [LB_PYTHON_PRIVATE] = "private",   [LB_PYTHON_PATH] = "path"};
  return names[source];
}

static int was_named(lb_python_source_t source) {
  return source == LB_PYTHON_OPTION || source == LB_PYTHON_VARIABLE;
}

/* Takes over path. The new candidate counts as passed. */
static int append(search_t *s, lb_python_source_t source, char *path) {
  lb_python_plan_t *plan = s->plan;
  lb_candidate_t *all = realloc(plan->candidates, (plan->count + 1) * sizeof(*all));
  if (all == NULL || path == NULL) {
    plan->candidates = all == NULL ? plan->candidates : all;
    free(path);
    return LB_EMEMORY;
  }
  plan->candidates = all;
  plan->candidates[plan->count++] = (lb_candidate_t){source, path, LB_OK, NULL};
  return LB_OK;
}

static int has_litellm(const search_t *s, const lb_candidate_t *candidate) {
  char found[LB_PATH_LEN];
  int in_layer = lb_python_in_layer(s->query, s->plan->platform, candidate->path);
  return lb_package_find(s->query, in_layer, candidate->path, "litellm", found);
}

/* What is wrong with a candidate stays in it. Returns LB_OK or LB_EMEMORY. */
static int judge(search_t *s, lb_candidate_t *candidate) {
  int is_script, index = (int)(candidate - s->plan->candidates);
  candidate->err =
      lb_python_inspect(candidate->path, s->query->root, &is_script, &candidate->reason);
  if (candidate->err == LB_OK && !was_named(candidate->source)) {
    if (is_script) {
      s->script = s->script < 0 ? index : s->script;
      return LB_OK;
    }
    if (!has_litellm(s, candidate))
      candidate->err = lb_refuse(&candidate->reason, LB_ELITELLM_MISSING,
                                 "%s has no litellm package", candidate->path);
  }
  if (candidate->err == LB_OK && s->plan->chosen < 0) s->plan->chosen = index;
  return candidate->err == LB_EMEMORY ? LB_EMEMORY : LB_OK;
}

/* Tries the next candidate, unless one was chosen before and no more are wanted. Takes over
 * path. */
static int try_path(search_t *s, lb_python_source_t source, char *path) {
  if (s->plan->chosen >= 0 && !s->query->all) {
    free(path);
    return LB_OK;
  }
  int err = append(s, source, path);
  if (err == LB_OK) err = judge(s, &s->plan->candidates[s->plan->count - 1]);
  return err;
}

/* A bare name is looked up as the shell does, but never in folders that depend
 * on the working directory. *found stays NULL when it is nowhere. */
static int look_up(const search_t *s, const char *name, char **found) {
  char path[LB_PATH_LEN];
  const char *list = lb_query_env(s->query, "PATH"), *folder;
  size_t len;
  while (*found == NULL && lb_path_next(&list, &folder, &len)) {
    if (len == 0 || folder[0] != '/' || !lb_path(path, "%.*s/%s", (int)len, folder, name)) continue;
    if (access(path, X_OK) != 0 || !S_ISREG(lb_mode(path, 1))) continue;
    *found = strdup(path);
    if (*found == NULL) return LB_EMEMORY;
  }
  return LB_OK;
}

static int not_on_path(search_t *s, lb_python_source_t source, const char *name) {
  const char *path = lb_query_env(s->query, "PATH");
  int err = append(s, source, strdup(name));
  if (err != LB_OK) return err;
  lb_candidate_t *candidate = &s->plan->candidates[s->plan->count - 1];
  candidate->err =
      lb_refuse(&candidate->reason, LB_EPYTHON_NOT_FOUND, "%s is in no folder of PATH (%s)", name,
                path == NULL ? "which is empty" : path);
  return candidate->err == LB_EMEMORY ? LB_EMEMORY : LB_OK;
}

static char *absolute(const char *path) {
  char cwd[LB_PATH_LEN];
  if (path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL) return strdup(path);
  while (strncmp(path, "./", 2) == 0)
    path += 2;
  return lb_format("%s/%s", cwd, path);
}

static int try_named(search_t *s, lb_python_source_t source, const char *name) {
  char *found = NULL;
  if (strchr(name, '/') != NULL) return try_path(s, source, absolute(name));
  int err = look_up(s, name, &found);
  if (err != LB_OK) return err;
  if (found == NULL) return not_on_path(s, source, name);
  return try_path(s, source, found);
}

static int try_layers(search_t *s) {
  const char *root = s->query->root;
  if (!lb_platform_is_lambda(s->plan->platform)) return LB_OK;
  int err = try_path(s, LB_PYTHON_LAYER, lb_format("%s/opt/python/bin/python3", root));
  if (err == LB_OK) err = try_path(s, LB_PYTHON_LAYER, lb_format("%s/opt/bin/python3", root));
  return err;
}

static int try_active(search_t *s, const char *variable) {
  const char *prefix = lb_query_env(s->query, variable);
  if (prefix == NULL) return LB_OK;
  return try_path(s, LB_PYTHON_VENV, lb_format("%s/bin/python3", prefix));
}

/* 1 when both are the same name in one folder, by whatever links: /bin is often
 * /usr/bin. The file alone does not tell: each virtual environment links to the
 * same one. */
static int is_same(const char *a, const char *b) {
  char folder_a[LB_PATH_LEN], folder_b[LB_PATH_LEN];
  const char *name_a = strrchr(a, '/'), *name_b = strrchr(b, '/');
  if (strcmp(a, b) == 0) return 1;
  if (name_a == NULL || name_b == NULL || strcmp(name_a, name_b) != 0) return 0;
  lb_path(folder_a, "%.*s", (int)(name_a - a) + 1, a);
  lb_path(folder_b, "%.*s", (int)(name_b - b) + 1, b);
  return lb_same_file(folder_a, folder_b);
}

static int was_tried(const search_t *s, const char *path) {
  for (size_t i = 0; i < s->plan->count; i++)
    if (is_same(s->plan->candidates[i].path, path)) return 1;
  return 0;
}

static int try_folders(search_t *s) {
  char path[LB_PATH_LEN];
  const char *list = lb_query_env(s->query, "PATH"), *folder;
  size_t len;
  int err = LB_OK;
  for (int n = 0; err == LB_OK && n < PATH_FOLDERS_MAX; n++) {
    if (!lb_path_next(&list, &folder, &len)) break;
    while (len > 1 && folder[len - 1] == '/')
      len--;
    if (len > 0 && folder[0] == '/' && lb_path(path, "%.*s/python3", (int)len, folder) &&
        !was_tried(s, path))
      err = try_path(s, LB_PYTHON_PATH, strdup(path));
  }
  return err;
}

/* One that is not installed, or half, is nothing to report on. */
static int try_private(search_t *s) {
  char folder[LB_PATH_LEN], marker[LB_PATH_LEN];
  const char *python = s->query->private_python;
  if (python == NULL || !lb_path(folder, "%s", python)) return LB_OK;
  lb_path_up(folder);
  lb_path_up(folder);
  if (!lb_path(marker, "%s/" LB_PRIVATE_MARKER, folder) || !lb_exists(marker)) return LB_OK;
  return try_path(s, LB_PYTHON_PRIVATE, absolute(python));
}

static int try_automatic(search_t *s) {
  int err = try_layers(s);
  if (err == LB_OK) err = try_active(s, "VIRTUAL_ENV");
  if (err == LB_OK) err = try_active(s, "CONDA_PREFIX");
  if (err == LB_OK) err = try_private(s);
  if (err == LB_OK) err = try_folders(s);
  if (s->plan->chosen < 0) s->plan->chosen = s->script;
  return err;
}

static int try_all(search_t *s) {
  const char *option = s->query->option;
  const char *variable = lb_query_env(s->query, "LITELLM_BRIDGE_PYTHON");
  if (option != NULL && option[0] != '\0') return try_named(s, LB_PYTHON_OPTION, option);
  if (variable != NULL) return try_named(s, LB_PYTHON_VARIABLE, variable);
  return try_automatic(s);
}

/* Of the ones that exist the first speaks: it is what the user meant to use. */
static int verdict(const lb_python_plan_t *plan) {
  if (plan->chosen >= 0) return LB_OK;
  for (size_t i = 0; i < plan->count; i++)
    if (plan->candidates[i].err != LB_EPYTHON_NOT_FOUND) return plan->candidates[i].err;
  return LB_EPYTHON_NOT_FOUND;
}

int lb_python_plan(const lb_python_query_t *query, lb_python_plan_t *out) {
  lb_python_plan_t plan = {.chosen = -1};
  search_t s = {query, &plan, -1};
  plan.platform = lb_platform_detect(lb_env_lookup, (void *)query->envp);
  if (try_all(&s) != LB_OK) {
    lb_python_plan_free(&plan);
    return LB_EMEMORY;
  }
  plan.err = verdict(&plan);
  *out = plan;
  return LB_OK;
}

void lb_python_plan_free(lb_python_plan_t *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    free(plan->candidates[i].path);
    free(plan->candidates[i].reason);
  }
  free(plan->candidates);
  *plan = (lb_python_plan_t){.chosen = -1};
}

static const char *label_of(lb_python_source_t source) {
  static const char *const labels[] = {[LB_PYTHON_OPTION] = "the python option",
                                       [LB_PYTHON_VARIABLE] = "LITELLM_BRIDGE_PYTHON",
                                       [LB_PYTHON_LAYER] = "Lambda layer",
                                       [LB_PYTHON_VENV] = "active virtual environment",
                                       [LB_PYTHON_PRIVATE] = "litellm-bridge install",
                                       [LB_PYTHON_PATH] = "PATH"};
  return labels[source];
}

static char *candidate_text(const lb_candidate_t *candidate) {
  const char *label = label_of(candidate->source);
  if (candidate->reason != NULL) return lb_format("%s: %s", label, candidate->reason);
  return lb_format("%s: %s", label, candidate->path);
}

char *lb_python_plan_text(const lb_python_plan_t *plan) {
  char *all = lb_format("%s", plan->count > 0 ? "" : "there was nowhere to look");
  for (size_t i = 0; all != NULL && i < plan->count; i++) {
    char *line = candidate_text(&plan->candidates[i]);
    char *longer = line == NULL ? NULL : lb_format("%s%s%s", all, i > 0 ? "\n" : "", line);
    free(line);
    free(all);
    all = longer;
  }
  return all;
}
