#include "obituary.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define WORDS_MAX 4096 /* bytes: a traceback's end, not a whole log */

/* sigabbrev_np is glibc 2.32. */
/* clang-format off */
#define LB_SIGNALS(X) \
  X(SIGABRT) X(SIGALRM) X(SIGBUS) X(SIGFPE) X(SIGHUP) X(SIGILL) X(SIGINT) X(SIGIO) X(SIGKILL) \
  X(SIGPIPE) X(SIGQUIT) X(SIGSEGV) X(SIGSYS) X(SIGTERM) X(SIGTRAP) X(SIGUSR1) X(SIGUSR2) \
  X(SIGXCPU) X(SIGXFSZ)
/* clang-format on */

const char *lb_signal_name(int signal) {
  static __thread char unnamed[24];
  switch (signal) {
#define X(name)                                                                                    \
  case name:                                                                                       \
    return #name;
    LB_SIGNALS(X)
#undef X
  default:
    snprintf(unnamed, sizeof(unnamed), "signal %d", signal);
    return unnamed;
  }
}

static size_t trim(char *text, size_t len) {
  while (len > 0 && isspace((unsigned char)text[len - 1]))
    len--;
  text[len] = '\0';
  return len;
}

char *lb_last_words(const lb_generation_t *generation) {
  int words = generation->launch.words;   /* -1 where it was never opened: then nothing is read */
  off_t size = lseek(words, 0, SEEK_END); /* appending ignores the position */
  off_t from = size > WORDS_MAX ? size - WORDS_MAX : 0;
  char *text = malloc(WORDS_MAX + 1);
  if (text == NULL) return NULL;
  ssize_t got = pread(words, text, WORDS_MAX, from);
  trim(text, got < 0 ? 0 : (size_t)got);
  return text;
}

/* "" for a process that was never spawned. */
static void describe_exit(const lb_generation_t *generation, char *out, size_t size) {
  const lb_launch_t *launch = &generation->launch;
  const lb_exit_t *end = &generation->exit;
  long pid = (long)launch->process.pid;
  if (pid == 0)
    *out = '\0';
  else if (!end->known)
    snprintf(out, size, "%s (pid %ld) ended; another part of this program took its exit status",
             launch->python, pid);
  else if (end->signal != 0)
    snprintf(out, size, "%s (pid %ld) was ended by %s", launch->python, pid,
             lb_signal_name(end->signal));
  else
    snprintf(out, size, "%s (pid %ld) exited with status %d", launch->python, pid, end->code);
}

char *lb_obituary(const lb_generation_t *generation, const char *last_words) {
  char how[1200];
  describe_exit(generation, how, sizeof(how));
  const char *reason = generation->detail == NULL ? "" : generation->detail;
  return lb_format("%s%s%s%s%s", reason, *reason && *how ? "; " : "", how,
                   *last_words ? ". Its last words: " : "", last_words);
}
