#include "frame.h"

#include <string.h>

#include "errors.h"

#define TEMPLATE_HEAD 4u
#define LOG_HEAD 8u
#define SLOT_LAST 3
#define SOURCE_LAST 3

/* Bytes one by one: no alignment to keep, and gcc makes one load of them. */
static uint16_t get_u16(const char *p) {
  const uint8_t *b = (const uint8_t *)p;
  return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t get_u32(const char *p) {
  return (uint32_t)get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static uint64_t get_u64(const char *p) {
  return (uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static void put_u16(char *p, uint16_t value) {
  p[0] = (char)(value & 0xff);
  p[1] = (char)(value >> 8);
}

static void put_u32(char *p, uint32_t value) {
  put_u16(p, (uint16_t)(value & 0xffff));
  put_u16(p + 2, (uint16_t)(value >> 16));
}

static int is_type(uint8_t type) {
  switch (type) {
  case LB_FRAME_CALL:
  case LB_FRAME_CANCEL:
  case LB_FRAME_CREDIT:
  case LB_FRAME_RESULT:
  case LB_FRAME_TEMPLATE:
  case LB_FRAME_DELTA:
  case LB_FRAME_CHUNK:
  case LB_FRAME_END:
  case LB_FRAME_ERROR:
  case LB_FRAME_HELLO:
  case LB_FRAME_READY:
  case LB_FRAME_FAILED:
  case LB_FRAME_LOG:
    return 1;
  default:
    return 0;
  }
}

int lb_frame_read(const char *buf, size_t len, lb_frame_t *out, size_t *used) {
  if (len < LB_FRAME_HEADER) return LB_AGAIN;
  uint32_t size = get_u32(buf);
  uint8_t type = (uint8_t)buf[8], flags = (uint8_t)buf[9];
  if (size > LB_FRAME_MAX || !is_type(type)) return LB_EPROTOCOL;
  if ((flags & ~(LB_FLAG_MORE | LB_FLAG_BINARY)) != 0 || get_u16(buf + 10) != 0)
    return LB_EPROTOCOL;
  if (len - LB_FRAME_HEADER < size) return LB_AGAIN;
  *out = (lb_frame_t){get_u32(buf + 4), type, flags, size, buf + LB_FRAME_HEADER};
  *used = LB_FRAME_HEADER + size;
  return LB_OK;
}

void lb_frame_write(char *out, uint32_t call, uint8_t type, uint8_t flags, uint32_t len) {
  put_u32(out, len);
  put_u32(out + 4, call);
  out[8] = (char)type;
  out[9] = (char)flags;
  put_u16(out + 10, 0);
}

void lb_call_head_write(char *out, uint32_t window, lb_call_kind_t kind, const char *name,
                        uint16_t name_len) {
  put_u32(out, window);
  out[4] = (char)kind;
  out[5] = 0;
  put_u16(out + 6, name_len);
  memcpy(out + LB_CALL_HEAD, name, name_len);
}

void lb_settlement_head_write(char *out, uint32_t meta_len) {
  memset(out, 0, LB_SETTLEMENT_HEAD - 4);
  put_u32(out + LB_SETTLEMENT_HEAD - 4, meta_len);
}

int lb_settlement_read(const char *data, size_t len, lb_settlement_t *out) {
  if (len < LB_SETTLEMENT_HEAD) return LB_EPROTOCOL;
  size_t meta_len = get_u32(data + 24);
  if (meta_len > len - LB_SETTLEMENT_HEAD) return LB_EPROTOCOL;
  *out = (lb_settlement_t){
      .started_ns = get_u64(data),
      .responded_ns = get_u64(data + 8),
      .finished_ns = get_u64(data + 16),
      .meta = data + LB_SETTLEMENT_HEAD,
      .meta_len = meta_len,
      .body = data + LB_SETTLEMENT_HEAD + meta_len,
      .body_len = len - LB_SETTLEMENT_HEAD - meta_len,
  };
  return LB_OK;
}

int lb_template_read(const char *data, size_t len, lb_template_t *out) {
  if (len < TEMPLATE_HEAD) return LB_EPROTOCOL;
  uint8_t slot = (uint8_t)data[0];
  if (slot < 1 || slot > SLOT_LAST || data[1] != 0 || get_u16(data + 2) != 0) return LB_EPROTOCOL;
  *out = (lb_template_t){slot, data + TEMPLATE_HEAD, len - TEMPLATE_HEAD};
  return LB_OK;
}

int lb_log_read(const char *data, size_t len, lb_log_t *out) {
  if (len < LOG_HEAD) return LB_EPROTOCOL;
  uint8_t level = (uint8_t)data[0], source = (uint8_t)data[1];
  size_t name_len = get_u16(data + 2);
  if (level < 10 || level > 50 || level % 10 != 0 || source > SOURCE_LAST) return LB_EPROTOCOL;
  if (name_len > len - LOG_HEAD) return LB_EPROTOCOL;
  *out = (lb_log_t){
      .level = level,
      .source = source,
      .call = get_u32(data + 4),
      .logger = data + LOG_HEAD,
      .logger_len = name_len,
      .text = data + LOG_HEAD + name_len,
      .text_len = len - LOG_HEAD - name_len,
  };
  return LB_OK;
}
