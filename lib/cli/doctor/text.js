'use strict';

/** The doctor's report for people: 80 columns, where no path is longer. */

const { stripVTControlCharacters } = require('node:util');

const pc = require('picocolors');

const WIDTH = 80;
const LABEL = 11; // columns of what stands before a value

const SOURCES = {
  option: 'option',
  variable: 'variable',
  layer: 'layer',
  venv: 'venv',
  private: 'install',
  path: 'PATH',
};

/**
 * Breaks a text at its spaces. A word that is too long stays whole: a path is to be copied.
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width || line === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A text of several lines, each behind `indent` columns and what it is indented by itself. */
function block(text, indent) {
  return text.split('\n').flatMap((line) => {
    const margin = ' '.repeat(indent + line.length - line.trimStart().length);
    return wrap(line.trim(), WIDTH - margin.length).map((part) => `${margin}${part}`.trimEnd());
  });
}

/** A label, and its value beside it. */
function row(label, value) {
  const [first, ...rest] = block(value, LABEL + 4);
  return [`   ${label.padEnd(LABEL)} ${first.trimStart()}`, ...rest];
}

/** A path or a name, and what is said of it: on one line where that has room. */
function beside(head, text) {
  const line = `${head}  ${text}`;
  return stripVTControlCharacters(line).length <= WIDTH ? [line] : [head, ...block(text, LABEL + 4)];
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** @param {any} report @returns {string[]} */
function machine({ platform, node, addon }) {
  const glibc = node.glibc === null ? '' : `, glibc ${node.glibc}`;
  const needs = addon.glibc === null ? '' : `, needs glibc ${addon.glibc}`;
  const build =
    addon.napi === null
      ? []
      : block(`Node-API ${addon.napi}, compiled with Node ${addon.node}${needs}`, LABEL + 4);
  return [
    ...row('platform', platform ?? 'not known'),
    ...row('system', `${node.platform} ${node.arch}${glibc}`),
    ...row('node', `${node.version} (ABI ${node.abi}, Node-API ${node.napi})`),
    ...row('addon', addon.path ?? 'none'),
    ...build,
  ];
}

/** The reason without the path, which stands beside it. */
function verdictOf({ path, code, reason, chosen }, report, color) {
  if (chosen) return report.python === null ? color.red('is started, and fails') : color.green('is used');
  if (code === null) return 'passes the checks';
  return reason.startsWith(`${path} `) ? reason.slice(path.length + 1) : reason;
}

function candidates(report, color) {
  if (report.candidates.length === 0) return ['   none'];
  return report.candidates.flatMap((candidate) => {
    const mark = candidate.chosen ? '->' : '  ';
    const head = `${mark} ${SOURCES[candidate.source].padEnd(LABEL)} ${candidate.path}`;
    return beside(head, verdictOf(candidate, report, color));
  });
}

function packageList(packages) {
  const there = Object.entries(packages).filter(([, version]) => version !== null);
  const missing = Object.keys(packages).filter((name) => packages[name] === null);
  const list = there.map(([name, version]) => `${name} ${version}`).join(', ');
  return missing.length === 0 ? list : `${list}; not installed: ${missing.join(', ')}`;
}

function layerRow({ path, bytes, limit }) {
  const share = limit === null ? '' : ` (${Math.round((bytes / limit) * 100)} % of Lambda's ${limit})`;
  return row('layer', `${path}, ${bytes} bytes unpacked${share}`);
}

function python({ python: running, litellm, packages, start, layer }) {
  if (running === null) return ['   none runs', ...(layer ? layerRow(layer) : [])];
  const [first, ...rest] = running.sysPath;
  return [
    ...row('version', running.version),
    ...row('path', running.path),
    ...row('litellm', litellm.version),
    ...block(litellm.path, LABEL + 4),
    ...row('packages', packageList(packages)),
    ...row('sys.path', first ?? ''),
    ...rest.flatMap((folder) => block(folder, LABEL + 4)),
    ...(start.ms === null ? [] : row('start', `${start.ms} ms, ${megabytes(start.rss)} of memory`)),
    ...(layer ? layerRow(layer) : []),
  ];
}

function environment({ environment: variables, keys }) {
  const rows = variables.flatMap(({ name, value }) => beside(`   ${name}`, value));
  const named = keys.length > 0 ? row('keys', `${keys.join(', ')} (set; not shown)`) : [];
  const all = [...rows, ...named];
  return all.length > 0 ? all : ['   nothing that matters here is set'];
}

function finding({ code, message, hint }, mark) {
  return [`   ${mark} ${code ?? ''}`.trimEnd(), ...block(message, 5), ...block(`What to do: ${hint}`, 5)];
}

function findings({ problems, warnings }, color) {
  const list = [
    ...problems.flatMap((problem) => finding(problem, color.red('PROBLEM'))),
    ...warnings.flatMap((warning) => finding(warning, color.yellow('WARNING'))),
  ];
  return list.length > 0 ? list : [`   ${color.green('All is well.')}`];
}

/**
 * @param {any} report of `examine`
 * @param {{ colors?: boolean }} [options]
 * @returns {string}
 */
function toText(report, { colors = false } = {}) {
  const color = pc.createColors(colors);
  const sections = [
    ['Machine', machine(report)],
    ['Interpreters, in the order in which they are tried', candidates(report, color)],
    ['Python', python(report)],
    ['Environment', environment(report)],
    ['Findings', findings(report, color)],
  ];
  const parts = sections.map(([title, lines]) => [color.bold(title), ...lines].join('\n'));
  return [`litellm-bridge ${report.version}`, ...parts].join('\n\n');
}

module.exports = { block, toText, wrap };
