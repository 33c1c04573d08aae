/* Finds the Python interpreter and builds its environment, before anything is
 * spawned.
 *
 * Reads the file system (stat, the first bytes of files, directory listings),
 * so it runs on the starting thread, never on a loop. No globals. */
#ifndef LB_PYTHON_H
#define LB_PYTHON_H

#include <stddef.h>

#include "env.h"

typedef enum lb_python_source {
  LB_PYTHON_OPTION,   /* the `python` option */
  LB_PYTHON_VARIABLE, /* LITELLM_BRIDGE_PYTHON */
  LB_PYTHON_LAYER,    /* /opt/python/bin/python3 and the like, on Lambda only */
  LB_PYTHON_VENV,     /* VIRTUAL_ENV, CONDA_PREFIX */
  LB_PYTHON_PRIVATE,  /* the environment of `litellm-bridge install` */
  LB_PYTHON_PATH      /* python3 in each folder of PATH */
} lb_python_source_t;

const char *lb_python_source_name(lb_python_source_t source);

typedef struct lb_candidate {
  lb_python_source_t source;
  char *path;   /* owned; absolute */
  int err;      /* LB_OK: it passed. Else why not, an lb_err */
  char *reason; /* owned; a sentence for people; NULL when it passed */
} lb_candidate_t;

typedef struct lb_python_query {
  const char *option;         /* borrowed; path or bare name (looked up on PATH), or NULL */
  const char *private_python; /* borrowed; path, or NULL; passed over unless its environment is
                                 complete */
  const char *root;           /* borrowed; put before the absolute paths of the layer, ""
                                 outside tests */
  char *const *envp;          /* borrowed; the environment the child would get,
                                 "NAME=value", NULL-terminated */
  int all;                    /* 1: judge those behind the chosen one, too (for a report) */
} lb_python_query_t;

typedef struct lb_python_plan {
  lb_platform_t platform;
  lb_candidate_t *candidates; /* owned; in the order they are tried */
  size_t count;
  int chosen; /* index, or -1 */
  int err;    /* LB_OK when chosen >= 0; else the code of the first candidate that
                 exists, or LB_EPYTHON_NOT_FOUND */
} lb_python_plan_t;

/* LB_OK: *out filled (look at out->err), free with lb_python_plan_free.
 * LB_EMEMORY.
 *
 * One that was named (option, variable) is the only candidate: it never falls
 * through. Of the others, the first that passes its checks and has a litellm
 * package is chosen. A script (pyenv's shim), of which that can't be seen, is
 * taken only when no other fits. */
int lb_python_plan(const lb_python_query_t *query, lb_python_plan_t *out);
void lb_python_plan_free(lb_python_plan_t *plan); /* accepts a zeroed struct */

/* Every candidate and its reason, a line each, for error messages. Owned by the
 * caller; NULL: out of memory. */
char *lb_python_plan_text(const lb_python_plan_t *plan);

/* Checks one file: exists, no directory, executable, ELF of this machine and
 * class whose ELF interpreter exists, or a script whose interpreter exists.
 * Returns an lb_err; *reason (owned by the caller) when not LB_OK. root is put
 * before the paths that the file names (ELF interpreter). */
int lb_python_check(const char *path, const char *root, char **reason);

/* The child's environment from query->envp: PATH with the interpreter's folder
 * first; PYTHONPATH with the layer's folders first (layer only);
 * LD_LIBRARY_PATH dropped (our own layer only, known by its manifest
 * litellm-bridge.json); TMPDIR and HOME where the platform's disk is read-only;
 * SSL_CERT_FILE from the layer's certifi when unset;
 * LITELLM_LOCAL_MODEL_COST_MAP=True when unset; `extra` ("NAME=value",
 * NULL-terminated, wins over all). Owned by the caller
 * (lb_python_environment_free); NULL: out of memory. */
char **lb_python_environment(const lb_python_query_t *query, const lb_python_plan_t *plan,
                             const char *const *extra);
void lb_python_environment_free(char **envp);

#endif
