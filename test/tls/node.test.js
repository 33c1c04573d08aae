'use strict';
/** NODE_EXTRA_CA_CERTS: what Node trusts by it, LiteLLM does. */
const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { promisify } = require('node:util');
const { openai } = require('../fixtures/provider');

const PROGRAM = path.join(__dirname, 'programs', 'both.js');

/** A certificate for localhost that is its own authority, and its key: files. */
function certificate(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  return { key, cert };
}

async function serve(t, { key, cert }) {
  const options = { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
  const server = https.createServer(options, (request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(openai.completion('hello')));
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return `https://localhost:${server.address().port}`;
}

async function ask(url, variables) {
  const { SSL_CERT_FILE: _, NODE_EXTRA_CA_CERTS: __, ...rest } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, url], {
    env: { ...rest, ...variables },
  });
  return JSON.parse(stdout);
}

test('tls: NODE_EXTRA_CA_CERTS counts for Python as for Node, and only then', async (t) => {
  const files = certificate(t);
  const url = await serve(t, files);
  assert.deepEqual(await ask(url, { NODE_EXTRA_CA_CERTS: files.cert }), { node: 200, python: 'hello' });
  const { node, python } = await ask(url, {});
  assert.equal(node, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.equal(python, 'InternalServerError');
});
