// What a message of the core brings, as a JavaScript value. For the binding's own files only.
#ifndef LB_PAYLOAD_H
#define LB_PAYLOAD_H

#include <napi.h>

#include "values.h"

extern "C" {
#include "core/frame.h"
#include "core/port.h"
}

inline Napi::Value SettlementBody(Napi::Env env, const lb_settlement_t &in, uint8_t flags) {
  if (in.body_len == 0) return env.Null();
  if (flags & LB_FLAG_BINARY) return Napi::Buffer<char>::Copy(env, in.body, in.body_len);
  return Text(env, in.body, in.body_len);
}

// Each returns an empty value when the payload is not what its type says.
inline Napi::Value Settlement(Napi::Env env, const lb_message_t *message) {
  lb_settlement_t in;
  if (lb_settlement_read(message->data, message->len, &in) != LB_OK) return Napi::Value();
  return Record(env, "meta", Text(env, in.meta, in.meta_len), "body",
                SettlementBody(env, in, message->flags), "started", Ms(in.started_ns), "responded",
                Ms(in.responded_ns), "finished", Ms(in.finished_ns));
}

inline Napi::Value Template(Napi::Env env, const lb_message_t *message) {
  lb_template_t in;
  if (lb_template_read(message->data, message->len, &in) != LB_OK) return Napi::Value();
  return Record(env, "slot", in.slot, "chunk", Text(env, in.chunk, in.chunk_len));
}

inline Napi::Value Log(Napi::Env env, const lb_message_t *message) {
  static const char *const kSources[] = {"stdout", "stderr", "logging", "native"};
  lb_log_t in;
  if (lb_log_read(message->data, message->len, &in) != LB_OK) return Napi::Value();
  return Record(env, "level", in.level, "source", kSources[in.source & 3], "logger",
                Text(env, in.logger, in.logger_len), "call", in.call, "text",
                Text(env, in.text, in.text_len));
}

inline Napi::Value Payload(Napi::Env env, const lb_message_t *message) {
  switch (message->type) {
  case LB_FRAME_RESULT:
  case LB_FRAME_END:
  case LB_FRAME_ERROR:
    return Settlement(env, message);
  case LB_FRAME_TEMPLATE:
    return Template(env, message);
  case LB_FRAME_LOG:
    return Log(env, message);
  default:
    return Text(env, message->data, message->len);
  }
}

#endif
