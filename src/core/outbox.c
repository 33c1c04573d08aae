#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"

#define FRAGMENT (64u * 1024u) /* a quarter of the limit: small calls wait less */
#define STAGE (2u * (FRAGMENT + 2u * LB_FRAME_HEADER))

struct lb_parcel {
  lb_parcel_t *next;
  uint32_t call;
  int cancelled; /* a cancel frame follows the last fragment */
  char *payload; /* owned */
  size_t len, off;
};

int lb_outbox_init(lb_outbox_t *outbox) {
  memset(outbox, 0, sizeof(*outbox));
  outbox->staged = malloc(STAGE);
  return outbox->staged == NULL ? LB_EMEMORY : LB_OK;
}

static void parcel_free(lb_parcel_t *parcel) {
  free(parcel->payload);
  free(parcel);
}

void lb_outbox_free(lb_outbox_t *outbox) {
  while (outbox->first != NULL) {
    lb_parcel_t *parcel = outbox->first;
    outbox->first = parcel->next;
    parcel_free(parcel);
  }
  free(outbox->urgent);
  free(outbox->staged);
  memset(outbox, 0, sizeof(*outbox));
}

static void append(lb_outbox_t *outbox, lb_parcel_t *parcel) {
  parcel->next = NULL;
  if (outbox->last == NULL)
    outbox->first = parcel;
  else
    outbox->last->next = parcel;
  outbox->last = parcel;
}

static lb_parcel_t *take_first(lb_outbox_t *outbox) {
  lb_parcel_t *parcel = outbox->first;
  outbox->first = parcel->next;
  if (outbox->first == NULL) outbox->last = NULL;
  return parcel;
}

int lb_outbox_call(lb_outbox_t *outbox, uint32_t call, char *payload, size_t len) {
  lb_parcel_t *parcel = calloc(1, sizeof(*parcel));
  if (parcel == NULL) return LB_EMEMORY;
  parcel->call = call;
  parcel->payload = payload;
  parcel->len = len;
  append(outbox, parcel);
  return LB_OK;
}

static int add_urgent(lb_outbox_t *outbox, uint32_t call, uint8_t type, const char *payload,
                      uint32_t len) {
  size_t need = outbox->urgent_len + LB_FRAME_HEADER + len;
  if (need > outbox->urgent_cap) {
    size_t cap = need < 256 ? 256 : need * 2;
    char *grown = realloc(outbox->urgent, cap);
    if (grown == NULL) return LB_EMEMORY;
    outbox->urgent = grown;
    outbox->urgent_cap = cap;
  }
  char *at = outbox->urgent + outbox->urgent_len;
  lb_frame_write(at, call, type, 0, len);
  if (len > 0) memcpy(at + LB_FRAME_HEADER, payload, len);
  outbox->urgent_len = need;
  return LB_OK;
}

int lb_outbox_cancel(lb_outbox_t *outbox, uint32_t call) {
  for (lb_parcel_t *parcel = outbox->first; parcel != NULL; parcel = parcel->next) {
    if (parcel->call != call) continue;
    parcel->cancelled = 1; /* a cancel that overtakes its call would be ignored */
    return LB_OK;
  }
  return add_urgent(outbox, call, LB_FRAME_CANCEL, NULL, 0);
}

int lb_outbox_credit(lb_outbox_t *outbox, uint32_t call, uint32_t bytes) {
  unsigned char payload[4];
  for (int i = 0; i < 4; i++)
    payload[i] = (unsigned char)(bytes >> (8 * i));
  return add_urgent(outbox, call, LB_FRAME_CREDIT, (const char *)payload, sizeof(payload));
}

static void stage_frame(lb_outbox_t *outbox, const lb_parcel_t *parcel, uint32_t len) {
  char *at = outbox->staged + outbox->staged_len;
  uint8_t flags = parcel->off + len < parcel->len ? LB_FLAG_MORE : 0;
  lb_frame_write(at, parcel->call, LB_FRAME_CALL, flags, len);
  memcpy(at + LB_FRAME_HEADER, parcel->payload + parcel->off, len);
  outbox->staged_len += LB_FRAME_HEADER + len;
}

/* One fragment of the first parcel, which then goes to the end of the line. */
static void stage_fragment(lb_outbox_t *outbox) {
  lb_parcel_t *parcel = take_first(outbox);
  size_t rest = parcel->len - parcel->off;
  uint32_t len = rest < FRAGMENT ? (uint32_t)rest : FRAGMENT;
  stage_frame(outbox, parcel, len);
  parcel->off += len;
  if (parcel->off < parcel->len) {
    append(outbox, parcel);
    return;
  }
  if (parcel->cancelled) { /* a call's last fragment leaves room for a header */
    lb_frame_write(outbox->staged + outbox->staged_len, parcel->call, LB_FRAME_CANCEL, 0, 0);
    outbox->staged_len += LB_FRAME_HEADER;
  }
  parcel_free(parcel);
}

static int has_room(const lb_outbox_t *outbox) {
  return STAGE - outbox->staged_len >= FRAGMENT + 2 * LB_FRAME_HEADER;
}

static void stage_urgent(lb_outbox_t *outbox) {
  size_t len = outbox->urgent_len < STAGE ? outbox->urgent_len : STAGE;
  if (len == 0) return;
  memcpy(outbox->staged, outbox->urgent, len);
  memmove(outbox->urgent, outbox->urgent + len, outbox->urgent_len - len);
  outbox->urgent_len -= len;
  outbox->staged_len = len;
}

static void stage(lb_outbox_t *outbox) {
  outbox->staged_len = outbox->staged_off = 0;
  stage_urgent(outbox);
  /* frames cut at the stage's end must be finished before others begin */
  while (outbox->urgent_len == 0 && outbox->first != NULL && has_room(outbox))
    stage_fragment(outbox);
}

const char *lb_outbox_peek(lb_outbox_t *outbox, size_t *len) {
  if (outbox->staged_off == outbox->staged_len) stage(outbox);
  *len = outbox->staged_len - outbox->staged_off;
  return *len == 0 ? NULL : outbox->staged + outbox->staged_off;
}

void lb_outbox_wrote(lb_outbox_t *outbox, size_t len) { outbox->staged_off += len; }
