/* Descriptors on their way to a process: kept in order while there is no socket or it is full. */
#include "handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "support.h"
#include "sys.h"

#define MANY 700 /* a socket takes fewer: 278 here */

static int end_of(int fds[2]) { return fds[1]; }

static void connect_to(lb_handoff_t *handoff, int *far_end) {
  int fds[2];
  assert_int_equal(lb_sys.socketpair(LB_CONTROL_TYPE, fds), 0);
  handoff->control = fds[0];
  *far_end = end_of(fds);
}

/* A descriptor that is known again by its inode. */
static int numbered(ino_t *inode) {
  int fd = lb_sys.words();
  struct stat info;
  assert_int_equal(fstat(fd, &info), 0);
  *inode = info.st_ino;
  return fd;
}

static int give(lb_handoff_t *handoff, ino_t *inode) {
  int sys_err = -1;
  int err = lb_handoff_give(handoff, numbered(inode), &sys_err);
  if (err == LB_OK) assert_int_equal(sys_err, 0);
  return err;
}

/* The inode of the next one, or 0 when there is none. */
static ino_t receive(int far_end) {
  char byte, ancillary[CMSG_SPACE(sizeof(int))];
  struct iovec iov = {&byte, 1};
  struct msghdr m = {.msg_iov = &iov,
                     .msg_iovlen = 1,
                     .msg_control = ancillary,
                     .msg_controllen = sizeof(ancillary)};
  if (recvmsg(far_end, &m, MSG_DONTWAIT) != 1) return 0;
  int fd;
  struct stat info;
  assert_int_equal(byte, 'c');
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
  assert_int_equal(fstat(fd, &info), 0);
  close(fd);
  return info.st_ino;
}

static void what_is_given_before_there_is_a_socket_waits(void **state) {
  (void)state;
  lb_handoff_t handoff;
  ino_t sent[3];
  int far_end;
  lb_handoff_init(&handoff);
  for (int i = 0; i < 3; i++)
    assert_int_equal(give(&handoff, &sent[i]), LB_OK);
  connect_to(&handoff, &far_end);
  assert_int_equal(lb_handoff_flush(&handoff), LB_OK);
  for (int i = 0; i < 3; i++)
    assert_int_equal(receive(far_end), sent[i]);
  lb_handoff_close(&handoff);
  close(far_end);
}

static void what_a_full_socket_does_not_take_waits_in_order(void **state) {
  (void)state;
  lb_handoff_t handoff;
  static ino_t sent[MANY];
  int far_end, got = 0;
  lb_handoff_init(&handoff);
  connect_to(&handoff, &far_end);
  for (int i = 0; i < MANY; i++)
    assert_int_equal(give(&handoff, &sent[i]), LB_OK);
  assert_int_equal(lb_handoff_flush(&handoff), LB_AGAIN);
  while (got < MANY) {
    for (ino_t inode; (inode = receive(far_end)) != 0; got++)
      assert_int_equal(inode, sent[got]);
    lb_handoff_flush(&handoff);
  }
  assert_int_equal(lb_handoff_flush(&handoff), LB_OK);
  assert_int_equal(receive(far_end), 0);
  lb_handoff_close(&handoff);
  close(far_end);
}

/* Whoever waits at the other end of a channel must see its end. */
static void closing_it_closes_what_waits(void **state) {
  (void)state;
  lb_handoff_t handoff;
  int fds[2], sys_err;
  char byte;
  lb_handoff_init(&handoff);
  assert_int_equal(lb_sys.socketpair(SOCK_STREAM, fds), 0);
  assert_int_equal(lb_handoff_give(&handoff, end_of(fds), &sys_err), LB_OK);
  assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1);
  lb_handoff_close(&handoff);
  assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), 0);
  close(fds[0]);
}

static void without_a_reader_it_says_so_and_keeps_nothing(void **state) {
  (void)state;
  lb_handoff_t handoff;
  ino_t inode;
  int far_end;
  lb_handoff_init(&handoff);
  assert_int_equal(give(&handoff, &inode), LB_OK);
  connect_to(&handoff, &far_end);
  close(far_end);
  lb_handoff_goodbye(&handoff); /* no SIGPIPE */
  assert_int_equal(lb_handoff_flush(&handoff), LB_OK);
  assert_int_equal(give(&handoff, &inode), LB_ESERVER_EXITED);
  lb_handoff_close(&handoff);
  lb_handoff_goodbye(&handoff); /* nobody to send it to */
}

static void without_memory_to_keep_it_it_is_closed(void **state) {
  (void)state;
  lb_handoff_t handoff;
  ino_t inode;
  int sys_err, fd = numbered(&inode);
  lb_handoff_init(&handoff);
  alloc_fail(1);
  assert_int_equal(lb_handoff_give(&handoff, fd, &sys_err), LB_EMEMORY);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(fcntl(fd, F_GETFD), -1);
  assert_int_equal(give(&handoff, &inode), LB_OK);
  lb_handoff_close(&handoff);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_given_before_there_is_a_socket_waits),
      cmocka_unit_test(what_a_full_socket_does_not_take_waits_in_order),
      cmocka_unit_test(closing_it_closes_what_waits),
      cmocka_unit_test(without_a_reader_it_says_so_and_keeps_nothing),
      cmocka_unit_test(without_memory_to_keep_it_it_is_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
