#include "handoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "sys.h"

#define FIRST_ROOM 8u

void lb_handoff_init(lb_handoff_t *handoff) { *handoff = (lb_handoff_t){.control = -1}; }

static void drop_waiting(lb_handoff_t *handoff) {
  for (size_t i = 0; i < handoff->count; i++)
    close(handoff->waiting[i]);
  free(handoff->waiting);
  handoff->waiting = NULL;
  handoff->count = handoff->room = 0;
}

void lb_handoff_close(lb_handoff_t *handoff) {
  drop_waiting(handoff);
  if (handoff->control >= 0) close(handoff->control);
  handoff->control = -1;
}

/* One datagram; fd is attached unless -1. Returns an errno. */
static int post(int control, char byte, int fd) {
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } ancillary;
  memset(&ancillary, 0, sizeof(ancillary));
  struct iovec iov = {&byte, 1};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = ancillary.bytes;
    message.msg_controllen = sizeof(ancillary.bytes);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  }
  ssize_t sent = lb_sys.sendmsg(control, &message, MSG_DONTWAIT);
  return sent < 0 ? errno : 0;
}

/* Room comes back: of the socket, of the kernel's memory, of descriptors in flight. */
static int is_full(int sys_err) {
  return sys_err == EAGAIN || sys_err == ENOBUFS || sys_err == ENOMEM || sys_err == ETOOMANYREFS;
}

static int keep(lb_handoff_t *handoff, int fd) {
  if (handoff->count == handoff->room) {
    size_t room = handoff->room == 0 ? FIRST_ROOM : handoff->room * 2;
    int *grown = realloc(handoff->waiting, room * sizeof(*grown));
    if (grown == NULL) {
      close(fd);
      return LB_EMEMORY;
    }
    handoff->waiting = grown;
    handoff->room = room;
  }
  handoff->waiting[handoff->count++] = fd;
  return LB_OK;
}

int lb_handoff_give(lb_handoff_t *handoff, int fd, int *sys_err) {
  *sys_err = 0;
  if (handoff->control < 0 || handoff->count > 0) return keep(handoff, fd);
  *sys_err = post(handoff->control, 'c', fd);
  if (is_full(*sys_err)) {
    *sys_err = 0;
    return keep(handoff, fd);
  }
  close(fd); /* else our own copy would hide the process's death */
  if (*sys_err == 0) return LB_OK;
  int gone = *sys_err == EPIPE || *sys_err == ECONNRESET || *sys_err == ENOTCONN;
  return gone ? LB_ESERVER_EXITED : LB_ESPAWN;
}

int lb_handoff_flush(lb_handoff_t *handoff) {
  size_t sent = 0;
  while (sent < handoff->count) {
    int fd = handoff->waiting[sent];
    if (is_full(post(handoff->control, 'c', fd))) break;
    close(fd);
    sent++;
  }
  handoff->count -= sent;
  if (handoff->count == 0) {
    drop_waiting(handoff);
    return LB_OK;
  }
  memmove(handoff->waiting, handoff->waiting + sent, handoff->count * sizeof(int));
  return LB_AGAIN;
}

void lb_handoff_goodbye(lb_handoff_t *handoff) {
  if (handoff->control >= 0) (void)post(handoff->control, 'g', -1); /* signals follow anyway */
}
