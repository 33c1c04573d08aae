/* Codec of the wire protocol (docs/protocol.md).
 * Pure: no I/O, no allocation, no globals. Results borrow the input. */
#ifndef LB_FRAME_H
#define LB_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define LB_PROTOCOL_VERSION 1
#define LB_FRAME_HEADER 12u         /* bytes */
#define LB_FRAME_MAX (256u * 1024u) /* bytes of payload */
#define LB_FRAME_COST 64u           /* bytes of credit on top of the payload */
#define LB_FLAG_MORE 0x01u
#define LB_FLAG_BINARY 0x02u

typedef enum lb_frame_type {
  LB_FRAME_CALL = 0x01,
  LB_FRAME_CANCEL = 0x02,
  LB_FRAME_CREDIT = 0x03,
  LB_FRAME_RESULT = 0x11,
  LB_FRAME_TEMPLATE = 0x12,
  LB_FRAME_DELTA = 0x13,
  LB_FRAME_CHUNK = 0x14,
  LB_FRAME_END = 0x15,
  LB_FRAME_ERROR = 0x16,
  LB_FRAME_HELLO = 0x41,
  LB_FRAME_READY = 0x42,
  LB_FRAME_FAILED = 0x43,
  LB_FRAME_LOG = 0x44
} lb_frame_type_t;

typedef struct lb_frame {
  uint32_t call;    /* 0: the channel itself */
  uint8_t type;     /* lb_frame_type_t */
  uint8_t flags;    /* LB_FLAG_* */
  uint32_t len;     /* bytes of data */
  const char *data; /* borrowed from the input */
} lb_frame_t;

/* LB_OK: *out set, *used bytes consumed. LB_AGAIN: feed more, nothing consumed.
 * LB_EPROTOCOL: final (too long, unknown type or flag, reserved bytes set); it
 * is told from the header alone, before any payload is awaited. */
int lb_frame_read(const char *buf, size_t len, lb_frame_t *out, size_t *used);

/* Writes LB_FRAME_HEADER bytes. */
void lb_frame_write(char *out, uint32_t call, uint8_t type, uint8_t flags, uint32_t len);

typedef enum lb_call_kind { LB_CALL_WHOLE = 0, LB_CALL_STREAM = 1 } lb_call_kind_t;

#define LB_CALL_HEAD 8u /* bytes before the name */

/* Writes LB_CALL_HEAD + name_len bytes; the arguments follow.
 * window: bytes of credit. */
void lb_call_head_write(char *out, uint32_t window, lb_call_kind_t kind, const char *name,
                        uint16_t name_len);

/* The payload of result, end and error. Times: ns of CLOCK_MONOTONIC, or 0. */
typedef struct lb_settlement {
  uint64_t started_ns, responded_ns, finished_ns;
  const char *meta; /* borrowed; JSON */
  size_t meta_len;
  const char *body; /* borrowed; JSON or bytes; may be empty */
  size_t body_len;
} lb_settlement_t;

#define LB_SETTLEMENT_HEAD 28u /* bytes: three times and the length of meta */

/* Writes LB_SETTLEMENT_HEAD bytes, with no times; meta follows. */
void lb_settlement_head_write(char *out, uint32_t meta_len);

/* LB_OK or LB_EPROTOCOL. */
int lb_settlement_read(const char *data, size_t len, lb_settlement_t *out);

typedef struct lb_template {
  uint8_t slot;      /* 1 content, 2 reasoning_content, 3 tool arguments */
  const char *chunk; /* borrowed; JSON */
  size_t chunk_len;
} lb_template_t;

int lb_template_read(const char *data, size_t len, lb_template_t *out);

typedef struct lb_log {
  uint8_t level;      /* 10, 20, 30, 40 or 50 */
  uint8_t source;     /* 0 stdout, 1 stderr, 2 logging, 3 native */
  uint32_t call;      /* the call it was written in, or 0 */
  const char *logger; /* borrowed */
  size_t logger_len;
  const char *text; /* borrowed; UTF-8 */
  size_t text_len;
} lb_log_t;

int lb_log_read(const char *data, size_t len, lb_log_t *out);

#endif
