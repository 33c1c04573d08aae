/* Stands in for calls of the system that hardly ever fail (linked with --wrap), so that each can be
 * made to. What starts a process has a table of its own: src/core/sys.h. */
#ifndef LB_TEST_FAULTS_H
#define LB_TEST_FAULTS_H

typedef enum fault {
  FAULT_SEND,
  FAULT_RECV,
  FAULT_THREAD, /* uv_thread_create_ex */
  FAULT_SPAWN,  /* each step of preparing posix_spawn */
  FAULT_COUNT
} fault_t;

/* The nth call from now on (1: the next) fails with this errno, once. Threads: all count. */
void fault_at(fault_t fault, int nth, int sys_err);
/* Ends that. 1 when it did fail. */
int fault_over(fault_t fault);

#endif
