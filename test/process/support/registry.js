'use strict';

/**
 * A module registry of its own in a vm context, as test runners make them for each file: every
 * JavaScript module is evaluated anew, with that context's globals; builtin modules and addons
 * come from the real `require`.
 */

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const ARGUMENTS = ['exports', 'require', 'module', '__filename', '__dirname'];

/** A context with Node's globals; those of the language are its own. */
function makeContext() {
  const context = vm.createContext();
  const own = new Set(vm.runInContext('Object.getOwnPropertyNames(globalThis)', context));
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!own.has(name))
      Object.defineProperty(context, name, Object.getOwnPropertyDescriptor(globalThis, name));
  }
  return context;
}

/** @returns {(file: string) => any} its `require`, for absolute paths */
function makeRegistry() {
  const context = makeContext();
  const modules = new Map();
  const load = (file) => {
    if (path.extname(file) !== '.js') return require(file);
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    evaluate(file, module);
    return module.exports;
  };
  const evaluate = (file, module) => {
    const { resolve } = createRequire(file);
    const own = (request) => (request.startsWith('node:') ? require(request) : load(resolve(request)));
    const code = fs.readFileSync(file, 'utf8');
    const run = vm.compileFunction(code, ARGUMENTS, { filename: file, parsingContext: context });
    run(module.exports, own, module, file, path.dirname(file));
  };
  return load;
}

module.exports = { makeRegistry };
