/* The error codes of litellm-bridge, in one table.
 *
 * Each row: C name, the `code` that JavaScript sees, what happened, what to do.
 * Texts are static; details (paths, the interpreter's own words) are added by
 * whoever reports the error. */
#ifndef LB_ERRORS_H
#define LB_ERRORS_H

/* clang-format off */
#define LB_ERRORS(X)                                                           \
  X(LB_EPYTHON_NOT_FOUND, "ERR_PYTHON_NOT_FOUND",                              \
    "no Python interpreter was found",                                         \
    "On Lambda attach the layer (npx litellm-bridge layer build); elsewhere "  \
    "run: npx litellm-bridge install")                                         \
  X(LB_EPYTHON_ARCH, "ERR_PYTHON_ARCH",                                        \
    "the Python interpreter is built for another machine",                     \
    "Build the layer for the function's architecture "                         \
    "(npx litellm-bridge layer build --arch x86_64 or arm64)")                 \
  X(LB_EPYTHON_BROKEN, "ERR_PYTHON_BROKEN",                                    \
    "the Python interpreter does not run",                                     \
    "Run: npx litellm-bridge doctor. A layer must hold the interpreter, its "  \
    "standard library and its shared libraries")                               \
  X(LB_ELITELLM_MISSING, "ERR_LITELLM_MISSING",                                \
    "the Python interpreter has no litellm package",                           \
    "Run: npx litellm-bridge install, or name an interpreter that has it")     \
  X(LB_ELITELLM_VERSION, "ERR_LITELLM_VERSION",                                \
    "the litellm package is too old",                                          \
    "Install litellm 1.78.7 or newer, or run: npx litellm-bridge install")     \
  X(LB_ESTART_TIMEOUT, "ERR_START_TIMEOUT",                                    \
    "Python was not ready in time",                                            \
    "Raise startTimeout, or give the function more memory (and so more CPU)")  \
  X(LB_ESPAWN, "ERR_SPAWN",                                                    \
    "the system refused to start Python",                                      \
    "See the errno name: EMFILE and EAGAIN are limits, ENOMEM is memory, "     \
    "E2BIG is an environment that is too large")                               \
  X(LB_ESERVER_EXITED, "ERR_SERVER_EXITED",                                    \
    "the Python process ended",                                                \
    "Its last words are in the message. The next call starts a new process")   \
  X(LB_EPROTOCOL, "ERR_PROTOCOL",                                              \
    "the Python process sent something that is not of the protocol",           \
    "This is a defect of litellm-bridge or of a package mix; please report it")\
  X(LB_ETIMEOUT, "ERR_TIMEOUT",                                                \
    "the call took longer than its timeout",                                   \
    "Raise timeout (ms), in the constructor or for the call")                  \
  X(LB_EIDLE_TIMEOUT, "ERR_IDLE_TIMEOUT",                                      \
    "nothing came for longer than idleTimeout",                                \
    "Raise idleTimeout (ms); 0 turns it off")                                  \
  X(LB_EOVERLOADED, "ERR_OVERLOADED",                                          \
    "too many calls are waiting",                                              \
    "Send fewer at a time, or raise maxQueue")                                 \
  X(LB_ECLOSED, "ERR_CLOSED",                                                  \
    "this instance is closed",                                                 \
    "Make a new LiteLLM()")                                                    \
  X(LB_EINVALID_ARGUMENT, "ERR_INVALID_ARGUMENT",                              \
    "an argument is not valid",                                                \
    "See the name in the message")                                             \
  X(LB_EMEMORY, "ERR_MEMORY",                                                  \
    "out of memory",                                                           \
    "Give the function more memory, or send less at a time")                   \
  X(LB_EPRELOAD, "ERR_PRELOAD",                                                \
    "a preload module failed",                                                 \
    "Its own error is in the message")                                         \
  X(LB_ECONFIG, "ERR_CONFIG",                                                  \
    "the configuration is not valid",                                          \
    "See the name in the message")                                             \
  X(LB_EPROVIDER, "ERR_PROVIDER",                                              \
    "LiteLLM raised an error",                                                 \
    "See status, provider and message")
/* clang-format on */

enum lb_err {
  LB_OK = 0,
  LB_AGAIN = 1,         /* not an error: more input is needed, or nothing is to do */
  LB_ERR_BASE = -10000, /* below errno values and UV_* */
#define X(name, code, text, hint) name,
  LB_ERRORS(X)
#undef X
      LB_ERR_END
};

/* Static strings, never NULL; for an unknown err those of ERR_PROTOCOL. */
const char *lb_err_code(int err);
const char *lb_err_text(int err);
const char *lb_err_hint(int err);

/* The err of a code as it travels in a `failed` frame; 0 when unknown. */
int lb_err_from_code(const char *code);

#endif
