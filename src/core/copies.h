/* Other copies of this addon in the process: each has statics, and so a server and a Python, of
 * its own. */
#ifndef LB_COPIES_H
#define LB_COPIES_H

#define LB_ADDON_FILE "litellm_bridge.node"

/* Calls visit with the path of each loaded library that is named as the addon and is another one
 * than that which holds `own`. Links to one file are one library. Thread: any. */
void lb_copies_each(const void *own, void (*visit)(void *arg, const char *file), void *arg);

#endif
