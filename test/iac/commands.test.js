'use strict';

/** The commands at the top of the examples: what they need is installed before. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ROOT } = require('./support/example');

const SDK = '@aws-sdk/client-lambda';
const FILES = ['serverless/serverless.yml', 'terraform/versions.tf', 'sam/template.yaml', 'cdk/bin/chat.ts'];

/** The comment at the top, line by line. */
function commands(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  return lines.slice(
    0,
    lines.findIndex((line) => !/^(#|\/\/)/.test(line)),
  );
}

/** What `npm install` without a name brings. */
function packages(folder) {
  const file = path.join(folder, 'package.json');
  if (!fs.existsSync(file)) return [];
  const { dependencies, devDependencies } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return Object.keys({ ...dependencies, ...devDependencies });
}

for (const name of FILES) {
  test(`${name}: the AWS SDK is there where a layer is published`, () => {
    const file = path.join(ROOT, 'examples', name);
    const lines = commands(file);
    const publishes = lines.findIndex((line) => line.includes('layer publish'));
    const installs = lines.slice(0, Math.max(publishes, 0)).filter((line) => line.includes('npm install'));
    const own = packages(path.join(ROOT, 'examples', name.split('/')[0])).includes(SDK);
    const brings = installs.some((line) => line.includes(SDK) || (own && /npm install\s*$/.test(line)));
    assert.equal(brings, publishes !== -1);
  });
}
