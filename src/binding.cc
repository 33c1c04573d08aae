// Converts between JavaScript and src/core, nothing else. The interface is
// described in src/README.md.
#include <napi.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "core/errors.h"
#include "core/port.h"
#include "core/server.h"
}

namespace {

constexpr double kMs = 1e6; // ns

Napi::Value ThrowCoded(Napi::Env env, int err, const std::string &detail,
                       bool backoff = false) {
  Napi::Error error = Napi::Error::New(env, lb_err_text(err));
  error.Set("code", lb_err_code(err));
  error.Set("detail", detail);
  error.Set("backoff", Napi::Boolean::New(env, backoff));
  error.ThrowAsJavaScriptException();
  return env.Undefined();
}

napi_value Text(napi_env env, const char *data, size_t len) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, data, len, &value);
  return value;
}

// ---- messages to JavaScript ----

Napi::Value SettlementBody(Napi::Env env, const lb_settlement_t &in,
                           uint8_t flags) {
  if (in.body_len == 0)
    return env.Null();
  if (flags & LB_FLAG_BINARY)
    return Napi::Buffer<char>::Copy(env, in.body, in.body_len);
  return Napi::Value(env, Text(env, in.body, in.body_len));
}

Napi::Value Settlement(Napi::Env env, const lb_message_t *message) {
  lb_settlement_t in;
  if (lb_settlement_read(message->data, message->len, &in) != LB_OK)
    return Napi::Value();
  Napi::Object out = Napi::Object::New(env);
  out.Set("meta", Text(env, in.meta, in.meta_len));
  out.Set("body", SettlementBody(env, in, message->flags));
  out.Set("started", static_cast<double>(in.started_ns) / kMs);
  out.Set("responded", static_cast<double>(in.responded_ns) / kMs);
  out.Set("finished", static_cast<double>(in.finished_ns) / kMs);
  return out;
}

Napi::Value Template(Napi::Env env, const lb_message_t *message) {
  lb_template_t in;
  if (lb_template_read(message->data, message->len, &in) != LB_OK)
    return Napi::Value();
  Napi::Object out = Napi::Object::New(env);
  out.Set("slot", in.slot);
  out.Set("chunk", Text(env, in.chunk, in.chunk_len));
  return out;
}

Napi::Value Log(Napi::Env env, const lb_message_t *message) {
  static const char *const kSources[] = {"stdout", "stderr", "logging",
                                         "native"};
  lb_log_t in;
  if (lb_log_read(message->data, message->len, &in) != LB_OK)
    return Napi::Value();
  Napi::Object out = Napi::Object::New(env);
  out.Set("level", in.level);
  out.Set("source", kSources[in.source & 3]);
  out.Set("logger", Text(env, in.logger, in.logger_len));
  out.Set("call", in.call);
  out.Set("text", Text(env, in.text, in.text_len));
  return out;
}

// Empty: the payload is not what its type says.
Napi::Value Payload(Napi::Env env, const lb_message_t *message) {
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
    return Napi::Value(env, Text(env, message->data, message->len));
  }
}

// ---- the session: a port and its two JavaScript functions ----

class Port;

// Lives from `new Port` until the core has closed the port, which is after the
// wrapper was closed, or while the environment ends.
struct Session {
  napi_env env;
  lb_port_t *port = nullptr;
  Port *wrapper = nullptr; // NULL once it is closed
  Napi::FunctionReference on_frames, on_event;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool env_ending = false;

  // of the batch that is being collected
  napi_handle_scope scope = nullptr;
  std::vector<napi_value> frames;
  std::vector<std::pair<const char *, napi_value>> events;
};

// An exception thrown by the callee is the program's uncaught exception, as for
// any callback.
void CallJs(Session *session, const Napi::FunctionReference &function,
            std::initializer_list<napi_value> args) {
  napi_env env = session->env;
  napi_value global, result, error;
  if (napi_get_global(env, &global) != napi_ok)
    return;
  napi_status status =
      napi_make_callback(env, nullptr, global, function.Value(), args.size(),
                         args.begin(), &result);
  if (status != napi_pending_exception)
    return;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
}

void Emit(Session *session, const char *name, napi_value info) {
  if (session->wrapper == nullptr)
    return;
  CallJs(session, session->on_event,
         {Text(session->env, name, NAPI_AUTO_LENGTH), info});
}

// One scope a batch; messages come outside of any JavaScript frame.
bool EnsureScope(Session *session) {
  return session->scope != nullptr ||
         napi_open_handle_scope(session->env, &session->scope) == napi_ok;
}

void OnMessage(void *arg, const lb_message_t *message) {
  auto *session = static_cast<Session *>(arg);
  if (!EnsureScope(session))
    return;
  Napi::Env env(session->env);
  Napi::Value payload = Payload(env, message);
  if (payload.IsEmpty()) {
    lb_port_violated(session->port,
                     "a payload is not what its frame's type says");
    return;
  }
  session->frames.push_back(Napi::Number::New(env, message->type));
  session->frames.push_back(Napi::Number::New(env, message->call));
  session->frames.push_back(payload);
  session->frames.push_back(
      Napi::Number::New(env, static_cast<double>(message->cost)));
}

void OnBatch(void *arg) {
  auto *session = static_cast<Session *>(arg);
  if (session->scope == nullptr)
    return;
  Napi::Env env(session->env);
  std::vector<napi_value> frames = std::move(session->frames);
  auto events = std::move(session->events);
  napi_handle_scope scope = session->scope;
  session->scope = nullptr;
  session->frames.clear();
  session->events.clear();
  for (auto &event : events)
    Emit(session, event.first, event.second);
  if (!frames.empty() && session->wrapper != nullptr) {
    Napi::Array batch = Napi::Array::New(env, frames.size());
    for (uint32_t i = 0; i < frames.size(); i++)
      napi_set_element(env, batch, i, frames[i]);
    CallJs(session, session->on_frames, {batch});
  }
  napi_close_handle_scope(session->env, scope);
}

void OnSpawned(void *arg, const lb_spawned_t *in) {
  auto *session = static_cast<Session *>(arg);
  Napi::Env env(session->env);
  Napi::HandleScope scope(env);
  Napi::Object info = Napi::Object::New(env);
  info.Set("generation", in->generation);
  info.Set("pid", static_cast<double>(in->pid));
  info.Set("pythonPath", in->python);
  info.Set("platform", in->platform);
  info.Set("source", in->source);
  info.Set("spawnMs", in->spawn_ms);
  Emit(session, "spawned", info);
}

void OnHello(void *arg, uint32_t generation, const lb_hello_t *in) {
  auto *session = static_cast<Session *>(arg);
  if (!EnsureScope(session))
    return;
  Napi::Object info = Napi::Object::New(session->env);
  info.Set("generation", generation);
  info.Set("pid", static_cast<double>(in->pid));
  info.Set("python", in->python);
  info.Set("executable", in->executable);
  session->events.emplace_back("hello", info);
}

void OnReady(void *arg, uint32_t generation, const lb_ready_t *in) {
  auto *session = static_cast<Session *>(arg);
  if (!EnsureScope(session))
    return;
  Napi::Env env(session->env);
  Napi::Object memory = Napi::Object::New(env);
  memory.Set("rss", in->rss_bytes);
  memory.Set("vms", in->vms_bytes);
  memory.Set("percent", in->memory_percent);
  Napi::Object timings = Napi::Object::New(env);
  timings.Set("interpreter", in->interpreter_ms);
  timings.Set("bootstrap", in->bootstrap_ms);
  timings.Set("import", in->import_ms);
  Napi::Object info = Napi::Object::New(env);
  info.Set("generation", generation);
  info.Set("litellm", in->litellm);
  info.Set("memory", memory);
  info.Set("timings", timings);
  session->events.emplace_back("ready", info);
}

void OnDown(void *arg, const lb_down_t *in) {
  auto *session = static_cast<Session *>(arg);
  Napi::Env env(session->env);
  Napi::HandleScope scope(env);
  Napi::Object info = Napi::Object::New(env);
  info.Set("generation", in->generation);
  info.Set("code", lb_err_code(in->err));
  info.Set("detail", in->detail);
  info.Set("words", in->words);
  info.Set("phase", in->serving ? "serving" : "start");
  info.Set("pid", in->pid ? Napi::Number::New(env, static_cast<double>(in->pid))
                          : env.Null());
  info.Set("exitCode", in->exit_code >= 0
                           ? Napi::Number::New(env, in->exit_code)
                           : env.Null());
  info.Set("signal",
           in->signal ? Napi::String::New(env, in->signal) : env.Null());
  Emit(session, "down", info);
}

void OnClosed(void *arg);

const lb_port_handler_t kHandler = {OnMessage, OnBatch, OnSpawned, OnHello,
                                    OnReady,   OnDown,  OnClosed};

// ---- options from JavaScript ----

// Keeps the strings that lb_start_options_t borrows.
struct StartOptions {
  std::string python, private_python, script, worker;
  std::vector<std::string> env;
  std::vector<char *> envp;
  lb_start_options_t raw;
};

bool OptionalString(const Napi::Object &from, const char *name,
                    std::string *to) {
  Napi::Value value = from.Get(name);
  if (!value.IsString())
    return false;
  *to = value.As<Napi::String>().Utf8Value();
  return true;
}

std::vector<std::string> Strings(const Napi::Value &value) {
  std::vector<std::string> out;
  Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++)
    out.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  return out;
}

void Pointers(std::vector<std::string> *from, std::vector<char *> *to) {
  for (std::string &entry : *from)
    to->push_back(&entry[0]);
  to->push_back(nullptr);
}

void ReadStartOptions(const Napi::Object &from, StartOptions *to) {
  bool named = OptionalString(from, "python", &to->python);
  bool has_private = OptionalString(from, "privatePython", &to->private_python);
  OptionalString(from, "script", &to->script);
  OptionalString(from, "options", &to->worker);
  to->env = Strings(from.Get("env"));
  Pointers(&to->env, &to->envp);
  to->raw.python = named ? to->python.c_str() : nullptr;
  to->raw.private_python = has_private ? to->private_python.c_str() : nullptr;
  to->raw.script = to->script.c_str();
  to->raw.worker = to->worker.c_str();
  to->raw.envp = to->envp.data();
}

// ---- class Port ----

class Port : public Napi::ObjectWrap<Port> {
public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Port",
                       {InstanceMethod("start", &Port::Start),
                        InstanceMethod("call", &Port::Call),
                        InstanceMethod("cancel", &Port::Cancel),
                        InstanceMethod("consume", &Port::Consume),
                        InstanceMethod("abort", &Port::Abort),
                        InstanceMethod("hold", &Port::Hold),
                        InstanceMethod("release", &Port::Release),
                        InstanceMethod("claim", &Port::Claim),
                        InstanceMethod("unclaim", &Port::Unclaim),
                        InstanceMethod("stop", &Port::Stop),
                        InstanceMethod("status", &Port::Status),
                        InstanceMethod("close", &Port::Close)});
  }

  explicit Port(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Port>(info) {
    Napi::Env env = info.Env();
    uv_loop_t *loop = nullptr;
    auto *session = new Session();
    session->env = env;
    int err = napi_get_uv_event_loop(env, &loop) == napi_ok
                  ? lb_port_open(loop, &kHandler, session, &session->port)
                  : LB_ESPAWN;
    if (err != LB_OK) {
      delete session;
      ThrowCoded(env, err, "the event loop takes no more handles");
      return;
    }
    session->wrapper = this;
    session->on_frames = Napi::Persistent(info[0].As<Napi::Function>());
    session->on_event = Napi::Persistent(info[1].As<Napi::Function>());
    napi_add_async_cleanup_hook(env, OnEnvEnding, session, &session->hook);
    session_ = session;
    Ref(); // until closed: nothing depends on the garbage collector
  }

  // The core let go of the port.
  static void Closed(Session *session) {
    if (session->hook != nullptr)
      napi_remove_async_cleanup_hook(session->hook);
    if (session->env_ending) { /* the environment frees its references itself */
      session->on_frames.SuppressDestruct();
      session->on_event.SuppressDestruct();
    }
    delete session;
  }

private:
  static void OnEnvEnding(napi_async_cleanup_hook_handle, void *arg) {
    auto *session = static_cast<Session *>(arg);
    session->env_ending = true;
    Detach(session);
    lb_port_close(session->port);
  }

  static void Detach(Session *session) {
    if (session->wrapper == nullptr)
      return;
    session->wrapper->session_ = nullptr;
    session->wrapper = nullptr;
  }

  Napi::Value Start(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    if (session_ == nullptr)
      return ThrowCoded(env, LB_ECLOSED, "");
    StartOptions options;
    ReadStartOptions(info[0].As<Napi::Object>(), &options);
    uint32_t generation = 0;
    int created = 0;
    char *detail = nullptr;
    uint64_t wait_ms = 0;
    int err = lb_port_start(session_->port, &options.raw, &generation, &created,
                            &detail, &wait_ms);
    std::string why = detail == nullptr ? "" : detail;
    free(detail);
    if (err == LB_AGAIN)
      return env.Null();
    if (err != LB_OK)
      return ThrowCoded(env, err, why, wait_ms > 0);
    Napi::Object out = Napi::Object::New(env);
    out.Set("generation", generation);
    out.Set("created", Napi::Boolean::New(env, created != 0));
    return out;
  }

  // call(name, kind, body, window): the call's id.
  Napi::Value Call(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    if (session_ == nullptr)
      return ThrowCoded(env, LB_ECLOSED, "");
    std::string name = info[0].As<Napi::String>().Utf8Value();
    auto kind =
        static_cast<lb_call_kind_t>(info[1].As<Napi::Number>().Uint32Value());
    uint32_t window = info[3].As<Napi::Number>().Uint32Value();
    size_t head = LB_CALL_HEAD + name.size(), body = 0;
    napi_get_value_string_utf8(env, info[2], nullptr, 0, &body);
    auto *payload = static_cast<char *>(malloc(head + body + 1));
    if (payload == nullptr)
      return ThrowCoded(env, LB_EMEMORY, "");
    napi_get_value_string_utf8(env, info[2], payload + head, body + 1, nullptr);
    uint32_t id = 0;
    int err = lb_port_call(session_->port, name.c_str(), kind, window, payload,
                           head + body, &id);
    if (err == LB_OK)
      return Napi::Number::New(env, id);
    free(payload);
    return ThrowCoded(env, err, "");
  }

  void Cancel(const Napi::CallbackInfo &info) {
    if (session_ != nullptr)
      lb_port_cancel(session_->port, info[0].As<Napi::Number>().Uint32Value());
  }

  void Consume(const Napi::CallbackInfo &info) {
    if (session_ == nullptr)
      return;
    lb_port_consume(
        session_->port, info[0].As<Napi::Number>().Uint32Value(),
        static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value()));
  }

  void Abort(const Napi::CallbackInfo &info) {
    if (session_ == nullptr)
      return;
    int err = lb_err_from_code(info[1].As<Napi::String>().Utf8Value().c_str());
    lb_port_abort(session_->port, info[0].As<Napi::Number>().Uint32Value(),
                  err);
  }

  void Hold(const Napi::CallbackInfo &) {
    if (session_ != nullptr)
      lb_port_hold(session_->port);
  }

  void Release(const Napi::CallbackInfo &) {
    if (session_ != nullptr)
      lb_port_unhold(session_->port);
  }

  void Close(const Napi::CallbackInfo &) {
    if (session_ == nullptr)
      return;
    Session *session = session_;
    Detach(session);
    lb_port_close(session->port);
    Unref();
  }

  // The rest asks the process-wide server.

  // claim([[name, digest], ...]): null, or the name of the option that
  // contradicts.
  Napi::Value Claim(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    Napi::Array pairs = info[0].As<Napi::Array>();
    std::vector<std::vector<std::string>> kept;
    for (uint32_t i = 0; i < pairs.Length(); i++)
      kept.push_back(Strings(pairs.Get(i)));
    std::vector<lb_shape_t> shape;
    for (auto &pair : kept)
      shape.push_back({pair[0].c_str(), pair[1].c_str()});
    const char *contradiction = nullptr;
    int err = lb_server_claim(shape.data(), shape.size(), &contradiction);
    if (contradiction != nullptr)
      return Napi::String::New(env, contradiction);
    return err == LB_OK ? env.Null() : ThrowCoded(env, err, "");
  }

  Napi::Value Unclaim(const Napi::CallbackInfo &info) {
    return Napi::Boolean::New(info.Env(), lb_server_unclaim() != 0);
  }

  Napi::Value Stop(const Napi::CallbackInfo &info) {
    return Napi::Boolean::New(info.Env(), lb_server_stop() != 0);
  }

  Napi::Value Status(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    lb_server_status_t status;
    lb_server_status(&status);
    Napi::Object out = Napi::Object::New(env);
    out.Set("generation", status.generation);
    out.Set("state", status.state);
    out.Set("pid", status.pid
                       ? Napi::Number::New(env, static_cast<double>(status.pid))
                       : env.Null());
    out.Set("pythonPath", status.python[0]
                              ? Napi::String::New(env, status.python)
                              : env.Null());
    out.Set("platform", lb_platform_name(status.platform));
    out.Set("ageMs", static_cast<double>(status.age_ms));
    return out;
  }

  Session *session_ = nullptr;
};

void OnClosed(void *arg) { Port::Closed(static_cast<Session *>(arg)); }

// ---- functions of the module ----

Napi::Value Platform(const Napi::CallbackInfo &info) {
  std::vector<std::string> env = Strings(info[0]);
  std::vector<char *> envp;
  Pointers(&env, &envp);
  lb_platform_t platform = lb_platform_detect(lb_env_lookup, envp.data());
  return Napi::String::New(info.Env(), lb_platform_name(platform));
}

Napi::Object Errors(Napi::Env env) {
  Napi::Object out = Napi::Object::New(env);
  for (int err = LB_ERR_BASE + 1; err < LB_ERR_END; err++) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("text", lb_err_text(err));
    row.Set("hint", lb_err_hint(err));
    out.Set(lb_err_code(err), row);
  }
  return out;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Port", Port::Define(env));
  exports.Set("errors", Errors(env));
  exports.Set("platform", Napi::Function::New(env, Platform));
  return exports;
}

} // namespace

NODE_API_MODULE(litellm_bridge, Init)
