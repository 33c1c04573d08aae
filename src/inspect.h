// What is told of this machine and process without a port: the candidates for the interpreter, this
// addon's build, other copies of it.
#ifndef LB_INSPECT_H
#define LB_INSPECT_H

#include <napi.h>

// inspect({ python?, privatePython?, env }): a promise of { platform, candidates: [{ source, path,
// code, reason, hint }], chosen }. code, reason and hint are null for one that passed; chosen is
// the index of the one that a start would take, or null. Rejects with ERR_MEMORY. Reads the file
// system on libuv's pool, and holds the loop until it is done.
Napi::Value Inspect(const Napi::CallbackInfo &info);

// { napi, node }: the Node-API version that it asks for, and the Node.js whose headers it was
// compiled with.
Napi::Value BuildOf(Napi::Env env);

// The files of other copies of the addon that this process has loaded: for the first environment
// that loads this one; empty for later ones.
Napi::Array OtherCopies(Napi::Env env);

#endif
