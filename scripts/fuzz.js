'use strict';

/**
 * npm run fuzz: runs the fuzz targets of test/fuzz with libFuzzer, one after the other, each over
 * its kept inputs. What they find is written to build/fuzz/, and ends the run.
 *   npm run fuzz -- 60              each for 60 seconds (the default)
 *   npm run fuzz -- 600 fuzz_calls  only these
 */

const { run } = require('../lib/cli/process');
const { CommandError } = require('../lib/cli/error');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');

const SECONDS = '60';

function parse([first = SECONDS, ...rest]) {
  if (/^[1-9]\d*$/.test(first)) return { seconds: first, targets: rest };
  throw new CommandError(`${first} is no number of seconds`, 'npm run fuzz -- SECONDS [TARGET ...]');
}

main(async () => {
  const { seconds, targets } = parse(process.argv.slice(2));
  await setup({ forTests: true, groups: ['fuzz'] });
  const args = ['-s', '-C', 'test/fuzz', 'run', `SECONDS=${seconds}`];
  if (targets.length > 0) args.push(`TARGETS=${targets.join(' ')}`);
  const show = (line) => console.log(line);
  const { code } = await run('make', args, { cwd: ROOT, onLine: show, onErrorLine: show });
  if (code !== 0) throw new CommandError('A fuzzer found something', 'Its input is in build/fuzz; see above');
});
