/* A channel on a real loop and socket, with a hostile worker at the far end. The script chooses
 * what the worker sends and in which cuts, what it reads, what the local side does and from where
 * (a turn of the loop or the batch handler), which allocation fails, and who closes when. */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alloc.h"
#include "errors.h"
#include "fuzz.h"

#define CALLS 512
#define HELD (512 * 1024) /* bytes that wait at the far end to be sent */

typedef struct tracked {
  uint32_t id;
  int settled, cancelled, whole;
  uint64_t waiting; /* cost of its messages */
} tracked_t;

typedef struct world {
  script_t script;
  uv_loop_t loop;
  lb_channel_t *channel; /* NULL once closed */
  int far, near;         /* -1: closed; near is a number only, the channel owns it */
  int ended, closed, closing, unbatched, in_batch;
  tracked_t calls[CALLS];
  size_t count;
  char held[HELD];
  size_t held_len;
  uint64_t sent; /* bytes, by the worker */
  char far_in[LB_FRAME_HEADER];
  size_t far_len;    /* of a header */
  uint32_t far_rest; /* of a payload */
} world_t;

static void act(world_t *w);

/* ---- what the channel reports ---- */

static tracked_t *find(world_t *w, uint32_t id) {
  for (size_t i = 0; i < w->count; i++)
    if (w->calls[i].id == id) return &w->calls[i];
  return NULL;
}

static void on_message(void *arg, const lb_message_t *m) {
  world_t *w = arg;
  REQUIRE(!w->ended && !w->closing && !w->in_batch);
  w->unbatched = 1;
  REQUIRE(m->data != NULL);
  char *copy = alloc_plain(m->len); /* ASan sees whether each byte is ours */
  memcpy(copy, m->data, m->len);
  free(copy);
  if (m->call == 0) {
    REQUIRE(m->type >= LB_FRAME_HELLO && m->type <= LB_FRAME_LOG);
    return;
  }
  tracked_t *call = find(w, m->call);
  REQUIRE(call != NULL);
  REQUIRE(!call->settled && !call->cancelled);
  REQUIRE(m->type == LB_FRAME_ERROR || (m->type == LB_FRAME_RESULT) == call->whole);
  call->settled =
      m->type == LB_FRAME_RESULT || m->type == LB_FRAME_END || m->type == LB_FRAME_ERROR;
  REQUIRE_EQ(m->cost == 0, call->settled);
  call->waiting += m->cost;
}

static void on_batch(void *arg) {
  world_t *w = arg;
  REQUIRE(w->unbatched && !w->in_batch);
  w->unbatched = 0;
  w->in_batch = 1;
  act(w);
  w->in_batch = 0;
}

static void on_ended(void *arg, int err) {
  world_t *w = arg;
  REQUIRE(!w->ended && !w->closing && !w->unbatched);
  REQUIRE(err == LB_OK || err == LB_EPROTOCOL || err == LB_EMEMORY);
  w->ended = 1;
}

static void on_closed(void *arg) {
  world_t *w = arg;
  REQUIRE(w->closing && !w->closed);
  w->closed = 1;
}

static const lb_channel_handler_t handler = {on_message, on_batch, on_ended, on_closed};

/* ---- the local side ---- */

static void begin(world_t *w) {
  static const uint32_t windows[] = {1, 100, 4096, 262144};
  static const size_t lens[] = {0, 10, 70000, 300000};
  uint8_t how = script_byte(&w->script);
  size_t len = LB_CALL_HEAD + 2 + lens[how >> 3 & 3];
  char *payload = alloc_plain(len);
  memset(payload, 'p', len);
  uint32_t id = 0;
  int err = w->count == CALLS ? LB_EMEMORY
                              : lb_channel_call(w->channel, "fn", how & 1, windows[how >> 1 & 3],
                                                payload, len, &id);
  if (w->ended) REQUIRE(err != LB_OK);
  if (err != LB_OK) {
    free(payload);
    return;
  }
  REQUIRE(id != 0 && find(w, id) == NULL);
  w->calls[w->count++] = (tracked_t){.id = id, .whole = !(how & 1)};
}

static tracked_t *pick(world_t *w) {
  uint8_t which = script_byte(&w->script);
  return w->count == 0 ? NULL : &w->calls[w->count - 1 - which % w->count];
}

static void cancel(world_t *w) {
  tracked_t *call = pick(w);
  lb_channel_cancel(w->channel, call == NULL ? 99 : call->id);
  if (call != NULL && !w->ended) call->cancelled = 1;
}

static void consume(world_t *w) {
  tracked_t *call = pick(w);
  lb_channel_consume(w->channel, call == NULL ? 99 : call->id, call == NULL ? 1 : call->waiting);
  if (call != NULL) call->waiting = 0;
}

static void close_channel(world_t *w) {
  w->closing = 1;
  lb_channel_close(w->channel);
  lb_channel_close(w->channel); /* twice is once */
  w->channel = NULL;
}

static void act(world_t *w) {
  if (w->channel == NULL) return;
  switch (script_byte(&w->script) % 8) {
  case 0:
    close_channel(w);
    break;
  case 1:
    cancel(w);
    break;
  case 2:
    consume(w);
    break;
  case 3:
    if (!w->in_batch) lb_channel_drain(w->channel);
    break;
  case 4:
    begin(w);
    break;
  default:
    break;
  }
}

/* ---- the worker ---- */

static void hold(world_t *w, const void *data, size_t len) {
  if (len > HELD - w->held_len) return;
  memcpy(w->held + w->held_len, data, len);
  w->held_len += len;
}

static void hold_frame(world_t *w) {
  static const uint32_t lens[] = {0, 1, 28, 200, 4000, 65536, LB_FRAME_MAX, LB_FRAME_MAX + 1};
  static char payload[LB_FRAME_MAX + 1];
  uint8_t how = script_byte(&w->script), type = script_byte(&w->script);
  tracked_t *call = pick(w);
  uint32_t id = how & 128 ? how & 3 : call == NULL ? 1 : call->id;
  char head[LB_FRAME_HEADER];
  lb_frame_write(head, id, type & 128 ? type : 0x11 + type % 6, how >> 3 & 3, lens[how & 7]);
  hold(w, head, sizeof(head));
  hold(w, payload, lens[how & 7]);
}

static void hold_bytes(world_t *w) {
  size_t len, wanted = script_byte(&w->script);
  const uint8_t *bytes = script_take(&w->script, wanted, &len);
  hold(w, bytes, len);
}

static void far_sends(world_t *w, size_t most) {
  size_t len = most < w->held_len ? most : w->held_len;
  ssize_t sent = w->far < 0 || len == 0 ? 0 : send(w->far, w->held, len, MSG_NOSIGNAL);
  if (sent <= 0) return;
  w->sent += (uint64_t)sent;
  w->held_len -= (size_t)sent;
  memmove(w->held, w->held + sent, w->held_len);
}

/* What the channel writes is of the protocol at every byte, whatever came in. */
static void check_written(world_t *w, const char *data, size_t len) {
  while (len > 0) {
    size_t room = w->far_rest > 0 ? w->far_rest : LB_FRAME_HEADER - w->far_len;
    size_t part = len < room ? len : room;
    if (w->far_rest > 0) {
      w->far_rest -= (uint32_t)part;
    } else {
      memcpy(w->far_in + w->far_len, data, part);
      w->far_len += part;
    }
    data += part;
    len -= part;
    if (w->far_len < LB_FRAME_HEADER || w->far_rest > 0) continue;
    uint8_t type = (uint8_t)w->far_in[8];
    REQUIRE(type >= LB_FRAME_CALL && type <= LB_FRAME_CREDIT);
    memcpy(&w->far_rest, w->far_in, 4);
    REQUIRE_OP(w->far_rest, <=, LB_FRAME_MAX);
    w->far_len = 0;
  }
}

static void far_reads(world_t *w) {
  static char buf[65536];
  size_t most = script_u16(&w->script) + 1;
  if (w->far < 0) return;
  ssize_t got = recv(w->far, buf, most, 0);
  if (got > 0) check_written(w, buf, (size_t)got);
}

static void far_closes(world_t *w) {
  if (w->far >= 0) close(w->far);
  w->far = -1;
}

/* ---- the script ---- */

static void step(world_t *w) {
  switch (script_byte(&w->script) % 12) {
  case 0:
  case 1:
  case 2:
    hold_frame(w);
    break;
  case 3:
    hold_bytes(w);
    break;
  case 4:
    far_sends(w, script_byte(&w->script));
    break;
  case 5:
  case 6:
    far_sends(w, HELD);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    break;
  case 7:
    far_reads(w);
    break;
  case 8:
    uv_run(&w->loop, UV_RUN_NOWAIT);
    break;
  case 9:
    alloc_fail(script_byte(&w->script) % 8);
    break;
  case 10:
    if (script_byte(&w->script) > 200) far_closes(w);
    break;
  default:
    act(w);
  }
  /* never what a length claims: only what came, some of it twice, and buffers of a fixed size */
  REQUIRE_OP(alloc_largest(), <=, 2 * w->sent + 400 * 1024);
}

static void open_world(world_t *w) {
  int fds[2];
  REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  w->near = fds[0];
  w->far = fds[1];
  uv_loop_init(&w->loop);
  REQUIRE_EQ(lb_channel_open(&w->loop, fds[0], &handler, w, &w->channel), LB_OK);
  alloc_forget();
}

static void close_world(world_t *w) {
  alloc_restore();
  w->script.left = 0;
  if (!w->closing) close_channel(w);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  REQUIRE(w->closed);
  REQUIRE_EQ(fcntl(w->near, F_GETFD), -1);
  far_closes(w);
  REQUIRE_EQ(uv_loop_close(&w->loop), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static world_t world;
  memset(&world, 0, offsetof(world_t, held));
  world.held_len = world.far_len = world.far_rest = 0;
  world.sent = 0;
  world.script = (script_t){data, size};
  open_world(&world);
  while (world.script.left > 0 && !world.closed)
    step(&world);
  close_world(&world);
  return 0;
}
