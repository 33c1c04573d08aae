/* What to do about an error, as exactly as its text allows. Pure: static strings. */
#ifndef LB_ADVICE_H
#define LB_ADVICE_H

/* text: what was said about the error: a candidate's reason, or the words with which an interpreter
 * ended. Returns the advice for what is known in it, else the hint of the code. Never NULL; static.
 */
const char *lb_advice(int err, const char *text);

#endif
