// Converts between JavaScript and src/core, nothing else. The interface is
// described in src/README.md.
#include <napi.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "inspect.h"
#include "payload.h"
#include "values.h"

extern "C" {
#include "core/errors.h"
#include "core/port.h"
#include "core/server.h"
}

namespace {

// ---- the session: a port and its two JavaScript functions ----

class Port;

// Lives from `new Port` until the core has closed the port: after the wrapper
// was closed, or while the environment ends.
struct Session {
  napi_env env;
  lb_port_t *port = nullptr;
  Port *wrapper = nullptr; // NULL once it is closed
  Napi::FunctionReference on_frame, on_frames, on_event;
  Napi::Reference<Napi::Uint32Array> numbers; // lib/loop.js: how many wait, and called_back
  uint32_t *waiting = nullptr, *called_back = nullptr;
  bool holds_loop = false;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool env_ending = false;
  uint32_t claims = 0; // instances of this environment that are counted in

  // the batch that is being collected; its scope is open while there is one
  napi_handle_scope scope = nullptr;
  std::vector<napi_value> frames;
  std::vector<std::pair<const char *, napi_value>> events;
};

// The loop stays exactly while somebody waits.
void Settle(Session *session) {
  bool holds_loop = *session->waiting > 0;
  if (holds_loop == session->holds_loop) return;
  session->holds_loop = holds_loop;
  if (holds_loop)
    lb_port_hold(session->port);
  else
    lb_port_unhold(session->port);
}

// An exception thrown by the callee is the program's uncaught exception, as
// for any callback.
void Invoke(Session *session, napi_value function, const napi_value *args, size_t count) {
  napi_env env = session->env;
  napi_value global, result, error;
  if (napi_get_global(env, &global) != napi_ok) return;
  napi_status status = napi_make_callback(env, nullptr, global, function, count, args, &result);
  if (status != napi_pending_exception) return;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

// Whoever waits is counted meanwhile, and looked at once, after the callee and its microtasks.
void CallJs(Session *session, const Napi::FunctionReference &function, const napi_value *args,
            size_t count) {
  if (session->wrapper == nullptr) return;
  uint32_t outer = std::exchange(*session->called_back, 1); // start() may report at once
  Invoke(session, function.Value(), args, count);
  if (session->env_ending) return;
  *session->called_back = outer;
  if (outer == 0 && session->wrapper != nullptr) Settle(session);
}

void Emit(Session *session, const char *name, napi_value info) {
  const napi_value args[] = {To(session->env, name), info};
  CallJs(session, session->on_event, args, 2);
}

constexpr size_t kFrameValues = 4; // type, call, payload, cost

// Messages come outside of any JavaScript frame: one scope a batch.
bool Collect(Session *session) {
  return session->scope != nullptr ||
         napi_open_handle_scope(session->env, &session->scope) == napi_ok;
}

void OnMessage(void *arg, const lb_message_t *message) {
  auto *session = static_cast<Session *>(arg);
  if (!Collect(session)) return;
  Napi::Env env(session->env);
  Napi::Value payload = Payload(env, message);
  if (payload.IsEmpty()) {
    lb_port_violated(session->port, "a payload is not what its frame's type says");
    return;
  }
  for (napi_value value :
       {To(env, message->type), To(env, message->call), payload, To(env, message->cost)})
    session->frames.push_back(value);
}

// A frame alone, as it comes in a paced stream, costs less without an array.
void DeliverFrames(Session *session, const std::vector<napi_value> &frames) {
  Napi::Env env(session->env);
  if (frames.size() == kFrameValues) {
    CallJs(session, session->on_frame, frames.data(), kFrameValues);
    return;
  }
  napi_value batch = Napi::Array::New(env, frames.size());
  for (uint32_t i = 0; i < frames.size(); i++)
    napi_set_element(env, batch, i, frames[i]);
  CallJs(session, session->on_frames, &batch, 1);
}

void OnBatch(void *arg) {
  auto *session = static_cast<Session *>(arg);
  if (session->scope == nullptr) return;
  auto frames = std::move(session->frames);
  auto events = std::move(session->events);
  napi_handle_scope scope = std::exchange(session->scope, nullptr);
  session->frames.clear();
  session->events.clear();
  for (auto &event : events)
    Emit(session, event.first, event.second);
  if (!frames.empty()) DeliverFrames(session, frames);
  napi_close_handle_scope(session->env, scope);
  frames.clear();
  if (session->frames.empty()) session->frames.swap(frames); // its memory, for the next batch
}

void OnHello(void *arg, uint32_t generation, const lb_hello_t *in) {
  auto *session = static_cast<Session *>(arg);
  if (!Collect(session)) return;
  session->events.emplace_back("hello",
                               Record(session->env, "generation", generation, "pid", in->pid,
                                      "python", in->python, "executable", in->executable));
}

void OnReady(void *arg, uint32_t generation, const lb_ready_t *in) {
  auto *session = static_cast<Session *>(arg);
  if (!Collect(session)) return;
  Napi::Env env(session->env);
  Napi::Value memory =
      Record(env, "rss", in->rss_bytes, "vms", in->vms_bytes, "percent", in->memory_percent);
  Napi::Value timings = Record(env, "interpreter", in->interpreter_ms, "bootstrap",
                               in->bootstrap_ms, "import", in->import_ms);
  session->events.emplace_back("ready", Record(env, "generation", generation, "litellm",
                                               in->litellm, "memory", memory, "timings", timings));
}

void OnSpawned(void *arg, const lb_spawned_t *in) {
  auto *session = static_cast<Session *>(arg);
  Napi::HandleScope scope(session->env);
  Emit(session, "spawned",
       Record(session->env, "generation", in->generation, "pid", in->pid, "pythonPath", in->python,
              "platform", in->platform, "source", in->source, "spawnMs", in->spawn_ms));
}

void OnDown(void *arg, const lb_down_t *in) {
  auto *session = static_cast<Session *>(arg);
  Napi::Env env(session->env);
  Napi::HandleScope scope(env);
  Emit(session, "down",
       Record(env, "generation", in->generation, "code", lb_err_code(in->err), "detail", in->detail,
              "hint", lb_advice(in->err, in->detail), "words", in->words, "phase",
              in->serving ? "serving" : "start", "pid", NumberOrNull(env, in->pid, in->pid != 0),
              "exitCode", NumberOrNull(env, in->exit_code, in->exit_code >= 0), "signal",
              in->signal));
}

void OnClosed(void *arg) {
  auto *session = static_cast<Session *>(arg);
  if (session->hook != nullptr) napi_remove_async_cleanup_hook(session->hook);
  if (session->env_ending) { // which frees its references itself
    session->on_frame.SuppressDestruct();
    session->on_frames.SuppressDestruct();
    session->on_event.SuppressDestruct();
    session->numbers.SuppressDestruct();
  }
  delete session;
}

const lb_port_handler_t kHandler = {OnMessage, OnBatch, OnSpawned, OnHello,
                                    OnReady,   OnDown,  OnClosed};

// ---- class Port ----

class Port : public Napi::ObjectWrap<Port> {
public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "Port",
        {InstanceMethod("start", &Port::Start), InstanceMethod("call", &Port::Call),
         InstanceMethod("cancel", &Port::Cancel), InstanceMethod("consume", &Port::Consume),
         InstanceMethod("abort", &Port::Abort), InstanceMethod("isLive", &Port::IsLive),
         InstanceMethod("settle", &Port::SettleLoop), InstanceMethod("claim", &Port::Claim),
         InstanceMethod("claimed", &Port::Claimed), InstanceMethod("unclaim", &Port::Unclaim),
         InstanceMethod("setVariable", &Port::SetVariable), InstanceMethod("status", &Port::Status),
         InstanceMethod("close", &Port::Close)});
  }

  explicit Port(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Port>(info) {
    Napi::Env env = info.Env();
    if (IsEmpty()) return; // the thread is being terminated: it was not wrapped
    uv_loop_t *loop = nullptr;
    auto *session = new Session();
    session->env = env;
    int err = napi_get_uv_event_loop(env, &loop) == napi_ok
                  ? lb_port_open(loop, &kHandler, session, &session->port)
                  : static_cast<int>(LB_ESPAWN);
    if (err != LB_OK) {
      delete session;
      ThrowCoded(env, err, "the event loop takes no more handles");
      return;
    }
    session->wrapper = this;
    session->on_frame = Napi::Persistent(info[0].As<Napi::Function>());
    session->on_frames = Napi::Persistent(info[1].As<Napi::Function>());
    session->on_event = Napi::Persistent(info[2].As<Napi::Function>());
    Napi::Uint32Array numbers = info[3].As<Napi::Uint32Array>();
    session->numbers = Napi::Reference<Napi::Uint32Array>::New(numbers, 1);
    session->waiting = numbers.Data();
    session->called_back = session->waiting + 1;
    napi_add_async_cleanup_hook(env, OnEnvEnding, session, &session->hook);
    session_ = session;
    Ref(); // until closed: nothing depends on the garbage collector
  }

private:
  static void OnEnvEnding(napi_async_cleanup_hook_handle, void *arg) {
    auto *session = static_cast<Session *>(arg);
    session->env_ending = true;
    if (session->wrapper != nullptr) session->wrapper->session_ = nullptr;
    session->wrapper = nullptr;
    for (; session->claims > 0; session->claims--)
      lb_server_unclaim(); // the end of a thread counts as the close() of its instances
    lb_port_close(session->port);
  }

  // start({ python?, privatePython?, env, variables, inherit, script, options }); env null: the
  // process's
  Napi::Value Start(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    if (session_ == nullptr) return ThrowCoded(env, LB_ECLOSED);
    Napi::Object from = info[0].As<Napi::Object>();
    std::string python = StringOf(from.Get("python"));
    std::string private_python = StringOf(from.Get("privatePython"));
    std::string script = StringOf(from.Get("script"));
    std::string worker = StringOf(from.Get("options"));
    bool own = from.Get("env").IsNull();
    std::string base = own ? "" : StringOf(from.Get("env")), over = StringOf(from.Get("variables"));
    std::vector<char *> envp = EntriesOf(base), variables = EntriesOf(over);
    Napi::Value inherit = from.Get("inherit");        // the last, so that all before it were read
    if (!inherit.IsBoolean()) return env.Undefined(); // the thread is being terminated
    lb_start_options_t start = {python.empty() ? nullptr : python.c_str(),
                                private_python.empty() ? nullptr : private_python.c_str(),
                                script.c_str(), worker.c_str(), own ? nullptr : envp.data()};
    return Started(env, {start, variables.data(), inherit.As<Napi::Boolean>().Value()});
  }

  Napi::Value Started(Napi::Env env, const lb_wish_t &wish) {
    uint32_t generation = 0;
    int created = 0;
    char *detail = nullptr;
    uint64_t wait_ms = 0;
    int err = lb_port_start(session_->port, &wish, &generation, &created, &detail, &wait_ms);
    std::string why = detail == nullptr ? "" : detail;
    free(detail);
    if (err == LB_AGAIN) return env.Null();
    if (err != LB_OK) return ThrowCoded(env, err, why, wait_ms > 0);
    return Record(env, "generation", generation, "created", created != 0);
  }

  // call(name, kind, body, window): the call's id
  Napi::Value Call(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    if (session_ == nullptr) return ThrowCoded(env, LB_ECLOSED);
    std::string name = StringOf(info[0]);
    if (name.empty() || name.size() > UINT16_MAX || name.find('\0') != std::string::npos)
      return ThrowCoded(env, LB_EINVALID_ARGUMENT, "the function's name");
    auto kind = static_cast<lb_call_kind_t>(NumberOf(info[1]));
    size_t head = LB_CALL_HEAD + name.size(), body = 0;
    napi_get_value_string_utf8(env, info[2], nullptr, 0, &body);
    auto *payload = static_cast<char *>(malloc(head + body + 1));
    if (payload == nullptr) return ThrowCoded(env, LB_EMEMORY);
    napi_get_value_string_utf8(env, info[2], payload + head, body + 1, nullptr);
    uint32_t id = 0;
    int err = lb_port_call(session_->port, name.c_str(), kind, NumberOf(info[3]), payload,
                           head + body, &id);
    if (err == LB_OK) return To(env, id);
    free(payload);
    return ThrowCoded(env, err);
  }

  void Cancel(const Napi::CallbackInfo &info) {
    if (session_ != nullptr) lb_port_cancel(session_->port, NumberOf(info[0]));
  }

  void Consume(const Napi::CallbackInfo &info) {
    if (session_ == nullptr) return;
    int64_t cost = info[1].As<Napi::Number>().Int64Value();
    lb_port_consume(session_->port, NumberOf(info[0]), static_cast<uint64_t>(cost));
  }

  void Abort(const Napi::CallbackInfo &info) {
    if (session_ != nullptr)
      lb_port_abort(session_->port, NumberOf(info[0]), lb_err_from_code(StringOf(info[1]).c_str()),
                    StringOf(info[2]).c_str());
  }

  Napi::Value IsLive(const Napi::CallbackInfo &info) {
    return To(info.Env(), session_ != nullptr && lb_port_is_live(session_->port) != 0);
  }

  void SettleLoop(const Napi::CallbackInfo &) {
    if (session_ != nullptr) Settle(session_);
  }

  void Close(const Napi::CallbackInfo &) {
    if (session_ == nullptr) return;
    Session *session = std::exchange(session_, nullptr);
    session->wrapper = nullptr;
    lb_port_close(session->port);
    Unref();
  }

  // claim([[name, value, '' or 'default'], ...]): null, or the option that contradicts
  Napi::Value Claim(const Napi::CallbackInfo &info) {
    Napi::Array options = info[0].As<Napi::Array>();
    std::vector<std::vector<std::string>> kept;
    for (uint32_t i = 0; i < options.Length(); i++)
      kept.push_back(StringsOf(options.Get(i)));
    for (auto &option : kept)
      if (option.size() != 3) return info.Env().Undefined(); // the thread is being terminated
    std::vector<lb_shape_t> shape;
    for (auto &option : kept)
      shape.push_back({option[0].c_str(), option[1].c_str(), !option[2].empty()});
    const char *contradiction = nullptr;
    int err = lb_server_claim(shape.data(), shape.size(), &contradiction);
    if (err != LB_OK && contradiction == nullptr) return ThrowCoded(info.Env(), err);
    if (err == LB_OK && session_ != nullptr) session_->claims++;
    return To(info.Env(), contradiction);
  }

  // claimed(): [[name, value], ...] of the first instance
  Napi::Value Claimed(const Napi::CallbackInfo &info) {
    std::vector<std::vector<std::string>> options;
    auto keep = [](void *arg, const lb_shape_t *option) {
      static_cast<decltype(options) *>(arg)->push_back({option->name, option->value});
    };
    lb_server_claimed(keep, &options);
    return Arrays(info.Env(), options);
  }

  Napi::Value Unclaim(const Napi::CallbackInfo &info) {
    if (session_ != nullptr && session_->claims > 0) session_->claims--;
    return To(info.Env(), lb_server_unclaim() != 0);
  }

  // setVariable("NAME=value")
  Napi::Value SetVariable(const Napi::CallbackInfo &info) {
    int err = lb_server_set_variable(StringOf(info[0]).c_str());
    return err == LB_OK ? info.Env().Undefined() : ThrowCoded(info.Env(), err);
  }

  Napi::Value Status(const Napi::CallbackInfo &info) {
    Napi::Env env = info.Env();
    lb_server_status_t in;
    lb_server_status(&in);
    const char *python = in.python[0] ? in.python : nullptr;
    return Record(env, "generation", in.generation, "state", in.state, "pid",
                  NumberOrNull(env, in.pid, in.pid != 0), "pythonPath", python, "platform",
                  lb_platform_name(in.platform), "ageMs", in.age_ms);
  }

  Session *session_ = nullptr; // NULL once closed
};

// ---- the module ----

Napi::Value Platform(const Napi::CallbackInfo &info) {
  std::string variables = StringOf(info[0]);
  std::vector<char *> envp = EntriesOf(variables);
  return To(info.Env(), lb_platform_name(lb_platform_detect(lb_env_lookup, envp.data())));
}

Napi::Object Errors(Napi::Env env) {
  Napi::Object out = Napi::Object::New(env);
  for (int err = LB_ERR_BASE + 1; err < LB_ERR_END; err++)
    out.Set(lb_err_code(err), Record(env, "text", lb_err_text(err), "hint", lb_err_hint(err)));
  return out;
}

Napi::Value EnvironmentOf(Napi::Env env) {
  Napi::Value process = env.Global().Get("process");
  return process.IsObject() ? process.As<Napi::Object>().Get("env") : env.Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Fill(exports, "Port", Napi::Value(Port::Define(env)), "errors", Napi::Value(Errors(env)),
       "platform", Napi::Value(Napi::Function::New(env, Platform)), "inspect",
       Napi::Value(Napi::Function::New(env, Inspect)), "build", BuildOf(env), "otherCopies",
       Napi::Value(OtherCopies(env)), "environment", EnvironmentOf(env));
  return exports;
}

} // namespace

NODE_API_MODULE(litellm_bridge, Init)
