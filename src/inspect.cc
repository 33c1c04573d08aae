#include "inspect.h"

#include <atomic>
#include <string>
#include <vector>

#include "values.h"

extern "C" {
#include "core/copies.h"
#include "core/python.h"
}

#pragma push_macro("NAPI_VERSION") // the header has another one: the newest that this Node has
#undef NAPI_VERSION
#include <node_version.h>
#pragma pop_macro("NAPI_VERSION")

namespace {

Napi::Value Candidate(Napi::Env env, const lb_candidate_t &in) {
  const char *path = in.path, *reason = in.reason;
  const char *code = reason == nullptr ? nullptr : lb_err_code(in.err);
  const char *hint = reason == nullptr ? nullptr : lb_advice(in.err, reason);
  return Record(env, "source", lb_python_source_name(in.source), "path", path, "code", code,
                "reason", reason, "hint", hint);
}

class Inspector : public Napi::AsyncWorker {
public:
  Inspector(Napi::Object from, napi_deferred deferred)
      : Napi::AsyncWorker(from.Env(), "LITELLM_INSPECT"), deferred_(deferred),
        python_(StringOf(from.Get("python"))), private_python_(StringOf(from.Get("privatePython"))),
        variables_(StringOf(from.Get("env"))) {}

  ~Inspector() override { lb_python_plan_free(&plan_); }

protected:
  void Execute() override {
    std::vector<char *> envp = EntriesOf(variables_);
    lb_python_query_t query = {};
    query.option = python_.empty() ? nullptr : python_.c_str();
    query.private_python = private_python_.empty() ? nullptr : private_python_.c_str();
    query.root = "";
    query.envp = envp.data();
    query.all = 1;
    int err = lb_python_plan(&query, &plan_);
    if (err != LB_OK) SetError(lb_err_text(err));
  }

  void OnOK() override {
    Napi::Env env = Env();
    Napi::HandleScope scope(env);
    Napi::Array candidates = Napi::Array::New(env, plan_.count);
    for (uint32_t i = 0; i < plan_.count; i++)
      candidates.Set(i, Candidate(env, plan_.candidates[i]));
    napi_resolve_deferred(env, deferred_,
                          Record(env, "platform", lb_platform_name(plan_.platform), "candidates",
                                 Napi::Value(candidates), "chosen",
                                 NumberOrNull(env, plan_.chosen, plan_.chosen >= 0)));
  }

  void OnError(const Napi::Error &error) override {
    Napi::HandleScope scope(Env());
    Fill(error.Value(), "code", lb_err_code(LB_EMEMORY));
    napi_reject_deferred(Env(), deferred_, error.Value());
  }

private:
  napi_deferred deferred_;
  std::string python_, private_python_, variables_;
  lb_python_plan_t plan_ = {};
};

} // namespace

Napi::Value BuildOf(Napi::Env env) {
  return Record(env, "napi", NAPI_VERSION, "node", NODE_VERSION);
}

Napi::Array OtherCopies(Napi::Env env) {
  static std::atomic_flag told = ATOMIC_FLAG_INIT;
  std::vector<std::string> files;
  auto add = [](void *arg, const char *file) {
    static_cast<std::vector<std::string> *>(arg)->push_back(file);
  };
  if (!told.test_and_set()) lb_copies_each(&told, add, &files);
  Napi::Array out = Napi::Array::New(env, files.size());
  for (uint32_t i = 0; i < files.size(); i++)
    out.Set(i, files[i]);
  return out;
}

Napi::Value Inspect(const Napi::CallbackInfo &info) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  // Not Promise::Deferred, which does not tell that a thread that is being terminated gets none.
  if (napi_create_promise(info.Env(), &deferred, &promise) != napi_ok)
    return info.Env().Undefined();
  auto *inspector = new Inspector(info[0].As<Napi::Object>(), deferred); // deletes itself when done
  inspector->Queue();
  return Napi::Value(info.Env(), promise);
}
