'use strict';

/** The layer for arm64: built here, and run under an emulator where this machine is another one. */

const assert = require('node:assert/strict');
const { suite, test } = require('node:test');
const { verify } = require('../../lib/cli/layer/verify');
const { builtLayer } = require('../../scripts/steps/layer');

const TIMEOUT = 1_800_000; // ms; an emulator is ten times slower
const BARS = { default: [90e6, 35e6], slim: [72e6, 33e6] }; // bytes: unzipped, zipped

suite('the layer for arm64', { timeout: TIMEOUT }, () => {
  for (const [name, [unzipped, zipped]] of Object.entries(BARS)) {
    test(`${name}: its size, and what its Python does`, async () => {
      const slim = name === 'slim' ? { slim: true } : {};
      const { zip, report } = await builtLayer({ arch: 'arm64', ...slim });
      assert.ok(report.unzipped.bytes <= unzipped, `${report.unzipped.bytes}`);
      assert.ok(report.zip.bytes <= zipped, `${report.zip.bytes}`);
      const [result] = await verify(zip);
      assert.deepEqual(result.findings, []);
      assert.deepEqual(
        [result.arch, result.manifest.arch, result.manifest.variant],
        ['arm64', 'arm64', name],
      );
    });
  }
});
