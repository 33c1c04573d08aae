// Values of JavaScript from C++ ones and back. For the binding's own files only.
#ifndef LB_VALUES_H
#define LB_VALUES_H

#include <napi.h>

#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "core/advice.h"
#include "core/errors.h"
}

inline double Ms(uint64_t ns) { return static_cast<double>(ns) / 1e6; }

inline Napi::Value To(Napi::Env env, const char *text) {
  return text == nullptr ? env.Null() : Napi::String::New(env, text);
}
inline Napi::Value To(Napi::Env env, const std::string &text) {
  return Napi::String::New(env, text);
}
inline Napi::Value To(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }
inline Napi::Value To(Napi::Env, Napi::Value value) { return value; }
template <typename Number> Napi::Value To(Napi::Env env, Number value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

inline void Fill(Napi::Object) {}
template <typename Value, typename... Rest>
void Fill(Napi::Object to, const char *name, Value value, Rest... rest) {
  to.Set(name, To(to.Env(), value));
  Fill(to, rest...);
}

// Record(env, name, value, name, value, ...)
template <typename... Fields> Napi::Object Record(Napi::Env env, Fields... fields) {
  Napi::Object record = Napi::Object::New(env);
  Fill(record, fields...);
  return record;
}

inline Napi::Value Text(Napi::Env env, const char *data, size_t len) {
  return Napi::String::New(env, data, len);
}

inline Napi::Value NumberOrNull(Napi::Env env, long value, bool known) {
  return known ? To(env, value) : env.Null();
}

inline Napi::Value ThrowCoded(Napi::Env env, int err, const std::string &detail = "",
                              bool backoff = false) {
  Napi::Error error = Napi::Error::New(env, lb_err_text(err));
  Fill(error.Value(), "code", lb_err_code(err), "detail", detail, "hint",
       lb_advice(err, detail.c_str()), "backoff", backoff);
  error.ThrowAsJavaScriptException();
  return env.Undefined();
}

inline std::string StringOf(const Napi::Value &value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
}

inline uint32_t NumberOf(const Napi::Value &value) {
  return value.As<Napi::Number>().Uint32Value();
}

inline std::vector<std::string> StringsOf(const Napi::Value &value) {
  std::vector<std::string> out;
  if (!value.IsArray()) return out; // a thread that is being terminated reads nothing
  Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++)
    out.push_back(StringOf(array.Get(i)));
  return out;
}

inline Napi::Value Arrays(Napi::Env env, const std::vector<std::vector<std::string>> &rows) {
  Napi::Array out = Napi::Array::New(env);
  for (const std::vector<std::string> &row : rows) {
    Napi::Array array = Napi::Array::New(env);
    for (const std::string &text : row)
      array.Set(array.Length(), Napi::String::New(env, text));
    out.Set(out.Length(), array);
  }
  return out;
}

// The entries of a block, each ending with NUL. NULL-terminated; borrows the block.
inline std::vector<char *> EntriesOf(std::string &block) {
  std::vector<char *> out;
  for (size_t at = 0; at < block.size(); at += strlen(&block[at]) + 1)
    out.push_back(&block[at]);
  out.push_back(nullptr);
  return out;
}

#endif
