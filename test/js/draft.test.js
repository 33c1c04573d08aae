'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { makeDraft, moveIntoPlace } = require('../../lib/cli/draft');

function parentFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a builder on some machine left. */
function leaveDraft(parent, host, pid, modified = new Date()) {
  const folder = path.join(parent, `env.draft-${host}-${pid}-abcdef`);
  fs.mkdirSync(folder);
  fs.utimesSync(folder, modified, modified);
  return folder;
}

const TWO_DAYS_AGO = new Date(Date.now() - 2 * 24 * 3600 * 1000);

test('the draft of a process that is gone is removed', async (t) => {
  const parent = parentFolder(t);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const left = leaveDraft(parent, os.hostname(), pid);
  await makeDraft(path.join(parent, 'env'));
  assert.equal(fs.existsSync(left), false);
});

test('the draft of a process that lives stays', async (t) => {
  const parent = parentFolder(t);
  const left = leaveDraft(parent, os.hostname(), process.pid);
  await makeDraft(path.join(parent, 'env'));
  assert.equal(fs.existsSync(left), true);
});

test("another machine's draft stays for a day", async (t) => {
  const parent = parentFolder(t);
  const young = leaveDraft(parent, 'elsewhere-1.example', 1);
  const old = leaveDraft(parent, 'elsewhere-2.example', 1, TWO_DAYS_AGO);
  await makeDraft(path.join(parent, 'env'));
  assert.equal(fs.existsSync(young), true);
  assert.equal(fs.existsSync(old), false);
});

test('what is no draft is never removed', async (t) => {
  const parent = parentFolder(t);
  const other = path.join(parent, 'env-of-someone');
  fs.mkdirSync(other);
  fs.utimesSync(other, TWO_DAYS_AGO, TWO_DAYS_AGO);
  await makeDraft(path.join(parent, 'env'));
  assert.equal(fs.existsSync(other), true);
});

test('a draft is moved to an empty place', async (t) => {
  const target = path.join(parentFolder(t), 'env');
  const draft = await makeDraft(target);
  fs.writeFileSync(path.join(draft, 'mine'), '');
  assert.equal(await moveIntoPlace(draft, target, () => true), true);
  assert.deepEqual(fs.readdirSync(target), ['mine']);
});

for (const keep of [true, false]) {
  test(`what is at the place ${keep ? 'stays when it is good' : 'is replaced when it is not'}`, async (t) => {
    const parent = parentFolder(t);
    const target = path.join(parent, 'env');
    fs.mkdirSync(target);
    fs.writeFileSync(path.join(target, 'theirs'), '');
    const draft = await makeDraft(target);
    fs.writeFileSync(path.join(draft, 'mine'), '');
    assert.equal(await moveIntoPlace(draft, target, () => keep), !keep);
    assert.deepEqual(fs.readdirSync(target), [keep ? 'theirs' : 'mine']);
  });
}

test('a parent that can not be written is said with what to do', async (t) => {
  const file = path.join(parentFolder(t), 'file');
  fs.writeFileSync(file, '');
  await assert.rejects(makeDraft(path.join(file, 'env')), (error) => {
    assert.match(error.message, /can't be written/);
    assert.match(error.hint, /XDG_CACHE_HOME/);
    return true;
  });
});
