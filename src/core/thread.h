/* Short-lived threads of our own, for work that blocks: starting and ending
 * Python. */
#ifndef LB_THREAD_H
#define LB_THREAD_H

/* Runs work(arg) on a new thread with every signal blocked, so that Node's
 * handlers keep running where Node expects them. Nobody waits for it. Returns
 * 0, or an errno (work never runs). Thread: any. */
int lb_thread_run(void (*work)(void *arg), void *arg);

#endif
