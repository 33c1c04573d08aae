'use strict';

/** What the built addon asks of the machine that loads it (Lambda has glibc 2.34, others less). */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const ADDON = path.join(__dirname, '..', '..', 'build', 'Release', 'litellm_bridge.node');

const options = { skip: process.platform !== 'linux' && 'reads ELF' };
const read = (tool, ...args) => execFileSync(tool, [...args, ADDON], { encoding: 'utf8' });

/** The newest version of a family of symbols, as a list of numbers. */
function newest(family) {
  const pattern = new RegExp(`\\b${family}_(\\d+(?:\\.\\d+)*)`, 'g');
  const versions = [...read('objdump', '-T').matchAll(pattern)].map(([, text]) =>
    text.split('.').map(Number),
  );
  return versions.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] ?? 0) - (b[2] ?? 0)).at(-1);
}

test('it needs no symbol newer than glibc 2.28', options, () => {
  const [major, minor] = newest('GLIBC');
  assert.equal(major, 2);
  assert.ok(minor <= 28, `GLIBC_2.${minor}`);
});

test('it needs no libstdc++ newer than that of GCC 8', options, () => {
  const [major, minor, patch] = newest('GLIBCXX');
  assert.deepEqual([major, minor], [3, 4]);
  assert.ok(patch <= 25, `GLIBCXX_3.4.${patch}`);
});

test(
  'it stays loaded when the thread that loaded it ends, and finds libraries beside itself',
  options,
  () => {
    const dynamic = read('readelf', '-d');
    assert.match(dynamic, /NODELETE/);
    assert.match(dynamic, /R(UN)?PATH.*\[\$ORIGIN\]/);
  },
);

test('it takes libuv from Node and cJSON from the system', options, () => {
  const needed = [...read('readelf', '-d').matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name);
  assert.ok(needed.includes('libcjson.so.1'));
  assert.ok(!needed.some((name) => name.startsWith('libuv')));
});

test('it shows nothing but its entry points', options, () => {
  const names = [...read('nm', '-D', '--defined-only').matchAll(/ [TDBRVW] (\w+)/g)].map(([, name]) => name);
  const ours = names.filter((name) => !name.startsWith('_Z'));
  assert.deepEqual(
    ours.filter((name) => !/^napi_register_module_v1$|^node_api_module_get_api_version_v1$/.test(name)),
    [],
  );
});
