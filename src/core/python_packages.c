/* Finds packages without running Python, which would cost a second of CPU for
 * each candidate. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "python_internal.h"

typedef struct visit {
  lb_folder_fn fn;
  void *arg;
  char version[64]; /* "python3.11" where the interpreter's name tells, or "" */
} visit_t;

/* A prefix shared by several versions holds packages that only one of them
 * sees. */
static int is_of_version(const visit_t *visit, const char *name) {
  if (strncmp(name, "python3", 7) != 0) return 0;
  return visit->version[0] == '\0' || strcmp(name, "python3") == 0 ||
         strcmp(name, visit->version) == 0;
}

static int visit_if_there(const visit_t *visit, const char *folder) {
  return lb_exists(folder) && visit->fn(visit->arg, folder);
}

/* lib/python3.N/site-packages, and dist-packages as Debian has it. */
static int visit_lib(const visit_t *visit, const char *lib) {
  char folder[LB_PATH_LEN];
  int done = 0;
  DIR *dir = opendir(lib);
  for (struct dirent *e; !done && dir != NULL && (e = readdir(dir)) != NULL;) {
    if (!is_of_version(visit, e->d_name)) continue;
    if (lb_path(folder, "%s/%s/site-packages", lib, e->d_name))
      done = visit_if_there(visit, folder);
    if (!done && lb_path(folder, "%s/%s/dist-packages", lib, e->d_name))
      done = visit_if_there(visit, folder);
  }
  if (dir != NULL) closedir(dir);
  return done;
}

static int visit_prefix(const visit_t *visit, const char *prefix) {
  char lib[LB_PATH_LEN];
  if (visit_if_there(visit, prefix)) return 1; /* a layer's, before others' */
  if (lb_path(lib, "%s/lib", prefix) && visit_lib(visit, lib)) return 1;
  return lb_path(lib, "%s/local/lib", prefix) && visit_lib(visit, lib);
}

static void set_version(visit_t *visit, const char *real) {
  const char *name = strrchr(real, '/');
  name = name == NULL ? real : name + 1;
  size_t len = strlen(name);
  if (strncmp(name, "python3.", 8) == 0 && len < sizeof(visit->version))
    memcpy(visit->version, name, len + 1);
}

static void prefix_of(char out[LB_PATH_LEN], const char *path) {
  lb_path(out, "%s", path);
  lb_path_up(out);
  lb_path_up(out);
}

typedef struct venv {
  char home[LB_PATH_LEN];
  int sees_system;
} venv_t;

/* One line of pyvenv.cfg: "key = value". */
static void read_setting(venv_t *venv, char *line) {
  char *key = line + strspn(line, " \t");
  char *value = strchr(key, '=');
  if (value == NULL) return;
  *value++ = '\0';
  key[strcspn(key, " \t")] = '\0';
  value += strspn(value, " \t");
  for (size_t n = strlen(value); n > 0 && isspace((unsigned char)value[n - 1]);)
    value[--n] = '\0';
  if (strcasecmp(key, "home") == 0) lb_path(venv->home, "%s", value);
  if (strcasecmp(key, "include-system-site-packages") == 0)
    venv->sees_system = strcasecmp(value, "true") == 0;
}

/* 1 when the prefix is a virtual environment. */
static int read_venv(const char *prefix, venv_t *venv) {
  char line[LB_PATH_LEN];
  *venv = (venv_t){{0}, 0};
  FILE *file = lb_path(line, "%s/pyvenv.cfg", prefix) ? fopen(line, "re") : NULL;
  if (file == NULL) return 0;
  while (fgets(line, sizeof(line), file) != NULL)
    read_setting(venv, line);
  fclose(file);
  return 1;
}

/* A virtual environment hides the packages of the Python it was made from. */
static int visit_interpreter(visit_t *visit, const char *path) {
  char prefix[LB_PATH_LEN];
  venv_t venv;
  char *real = realpath(path, NULL);
  if (real != NULL) set_version(visit, real);
  prefix_of(prefix, path);
  int done = visit_prefix(visit, prefix);
  if (read_venv(prefix, &venv)) {
    lb_path_up(venv.home);
    if (!done && venv.sees_system) done = visit_prefix(visit, venv.home);
  } else if (!done && real != NULL) {
    prefix_of(prefix, real);
    done = visit_prefix(visit, prefix);
  }
  free(real);
  return done;
}

static int visit_list(const visit_t *visit, const char *list) {
  char folder[LB_PATH_LEN];
  const char *entry;
  size_t len;
  while (lb_path_next(&list, &entry, &len))
    if (len > 0 && lb_path(folder, "%.*s", (int)len, entry) && visit_if_there(visit, folder))
      return 1;
  return 0;
}

int lb_python_in_layer(const lb_python_query_t *query, lb_platform_t platform, const char *path) {
  size_t len = strlen(query->root);
  return lb_platform_is_lambda(platform) && strncmp(path, query->root, len) == 0 &&
         strncmp(path + len, "/opt/", 5) == 0;
}

int lb_layer_folders(const lb_python_query_t *query, const char *path, lb_folder_fn fn, void *arg) {
  char folder[LB_PATH_LEN];
  visit_t visit = {fn, arg, ""};
  char *real = realpath(path, NULL);
  if (real != NULL) set_version(&visit, real);
  free(real);
  if (lb_path(folder, "%s/opt/python", query->root) && visit_if_there(&visit, folder)) return 1;
  return lb_path(folder, "%s/opt/python/lib", query->root) && visit_lib(&visit, folder);
}

typedef struct wanted {
  const char *name;
  char *found; /* LB_PATH_LEN bytes, the caller's */
} wanted_t;

static int holds(void *arg, const char *folder) {
  wanted_t *wanted = arg;
  return lb_path(wanted->found, "%s/%s", folder, wanted->name) && lb_exists(wanted->found);
}

int lb_package_find(const lb_python_query_t *query, int in_layer, const char *path,
                    const char *name, char found[LB_PATH_LEN]) {
  wanted_t wanted = {name, found};
  visit_t visit = {holds, &wanted, ""};
  if (visit_interpreter(&visit, path)) return 1;
  if (in_layer && lb_layer_folders(query, path, holds, &wanted)) return 1;
  return visit_list(&visit, lb_query_env(query, "PYTHONPATH"));
}
