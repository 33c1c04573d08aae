/* Shared by the python*.c files only. */
#ifndef LB_PYTHON_INTERNAL_H
#define LB_PYTHON_INTERNAL_H

#include <stddef.h>

#include "python.h"

#define LB_PATH_LEN 4096 /* bytes, with the NUL; the system opens no longer one */
#define LB_LAYER_MANIFEST "litellm-bridge.json"
#define LB_PRIVATE_MARKER "environment.json" /* the last step of litellm-bridge install */

/* printf into a path. 1 when it fits; a path that does not names no file. */
int lb_path(char out[LB_PATH_LEN], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cuts the last part off a path, in place: "/a/b" to "/a". */
void lb_path_up(char *path);

/* Steps through a list like PATH. 1: *entry and *len are the next one, which
 * may be empty. 0: there are no more. */
int lb_path_next(const char **list, const char **entry, size_t *len);

/* 1 when something is there, at the end of all links. */
int lb_exists(const char *path);

/* 1 when both paths lead to one file or folder. */
int lb_same_file(const char *a, const char *b);

/* Type and permissions as st_mode has them; 0 and errno when it can't be told.
 */
unsigned lb_mode(const char *path, int follow_links);

/* The borrowed value of a variable in query->envp; NULL when unset or empty. */
const char *lb_query_env(const lb_python_query_t *query, const char *name);

/* Sets *reason to a sentence and returns err, or LB_EMEMORY. */
int lb_refuse(char **reason, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* lb_python_check, which also tells a script (*is_script) from a binary. */
int lb_python_inspect(const char *path, const char *root, int *is_script, char **reason);

/* Checks an open file that begins with the ELF magic. */
int lb_elf_check(int fd, const char *path, const char *root, char **reason);

/* 1 on Lambda, for an interpreter that came in a layer. */
int lb_python_in_layer(const lb_python_query_t *query, lb_platform_t platform, const char *path);

/* Takes a folder of Python packages; returns 1 to end the search. */
typedef int (*lb_folder_fn)(void *arg, const char *folder);

/* The folders that Lambda's convention gives to the packages of layers. 1 when
 * visit ended it. */
int lb_layer_folders(const lb_python_query_t *query, const char *path, lb_folder_fn visit,
                     void *arg);

/* Looks for `wanted` (a path within a package folder) where the interpreter at
 * `path` would import from, running nothing. 1: found, its path is in `found`.
 */
int lb_package_find(const lb_python_query_t *query, int in_layer, const char *path,
                    const char *wanted, char found[LB_PATH_LEN]);

#endif
