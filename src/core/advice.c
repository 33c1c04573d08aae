#include "advice.h"

#include <stddef.h>
#include <string.h>

#include "errors.h"

#define WHOLE_PYTHON                                                                               \
  "Take a whole Python: npx litellm-bridge layer build for Lambda, npx litellm-bridge install "    \
  "elsewhere"

typedef struct advice {
  int err;
  const char *words; /* of the loader, of Python, of the system, or of our own checks */
  const char *hint;
} advice_t;

static const advice_t table[] = {
    {LB_EPYTHON_ARCH, "this machine is x86_64",
     "Build the layer for x86_64 (npx litellm-bridge layer build --arch x86_64), or run on arm64"},
    {LB_EPYTHON_ARCH, "this machine is arm64",
     "Build the layer for arm64 (npx litellm-bridge layer build --arch arm64), or run on x86_64"},
    {LB_EPYTHON_BROKEN, "cannot open shared object",
     "The library that is named is missing, or is where the loader does not look: the "
     "interpreter's file alone was copied. " WHOLE_PYTHON},
    {LB_EPYTHON_BROKEN, "No module named 'encodings'",
     "The interpreter has no standard library: its file alone was copied. " WHOLE_PYTHON},
    {LB_EPYTHON_BROKEN, "version `GLIBC_",
     "It is built for a newer C library than this system has (Lambda's Node runtimes have glibc "
     "2.34). " WHOLE_PYTHON},
    {LB_EPYTHON_BROKEN, "needs the loader /opt/",
     "It is of a layer, and runs only at /opt, where Lambda puts it. Run it as there: npx "
     "litellm-bridge layer verify"},
    {LB_EPYTHON_BROKEN, "another C library",
     "Use a Python that was made for this system (on Alpine: apk add python3), or a system with "
     "the C library that it needs"},
    {LB_EPYTHON_BROKEN, "needs Python 3.11 or newer",
     "Name a Python 3.11 to 3.13, or run: npx litellm-bridge install"},
    {LB_EPYTHON_BROKEN, "is a directory", "Name the interpreter itself, such as its bin/python3"},
    {LB_EPYTHON_BROKEN, "is not executable",
     "Run: chmod 755 FILE. A zip loses the mode unless it was made with file modes"},
    {LB_EPYTHON_BROKEN, "is a link to",
     "Copy what the link leads to, too: the Python that it was made from was moved or removed"},
    {LB_ELITELLM_MISSING, "litellm can't be imported",
     "litellm is there, but a package that it needs is missing, or is built for another Python or "
     "machine. Install all of them with one Python: npx litellm-bridge install"},
    {LB_ESPAWN, "EAGAIN", "The limit of processes is reached: see ulimit -u (Lambda allows 1,024)"},
    {LB_ESPAWN, "ENOMEM", "There is no memory for another process: give more to this machine"},
    {LB_ESPAWN, "EMFILE",
     "This process has too many open files: close some, or raise ulimit -n (Lambda allows 1,024)"},
    {LB_ESPAWN, "ENFILE", "This machine has too many open files: raise fs.file-max"},
    {LB_ESPAWN, "E2BIG", "The environment is too large: give Python fewer or shorter variables"},
    {LB_ESPAWN, "ETXTBSY",
     "Somebody is writing the interpreter's file: try again when it is installed"},
};

/* Of several candidates the first speaks, so the earliest words count. */
const char *lb_advice(int err, const char *text) {
  const char *hint = lb_err_hint(err), *earliest = NULL;
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    const char *at = table[i].err == err ? strstr(text, table[i].words) : NULL;
    if (at == NULL || (earliest != NULL && at >= earliest)) continue;
    earliest = at;
    hint = table[i].hint;
  }
  return hint;
}
