/**
 * Clients that die and sleep: 100 clients of which 30 %, then 70 % are killed in each of 50 rounds and started again; then 50
 * clients of which 10 are stopped in each round. `--quick`: a fifth of the rounds. `--seed=N` draws other kills.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killing, stopping } from '../support/churn.mjs';

const quick = process.argv.includes('--quick');
const seed = Number(/--seed=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 1);
const rounds = quick ? 10 : 50;

const hundred = {
  hosts: 20,
  clientsPerHost: 5,
  rounds,
  cohort: 40,
  minimumReplies: 30,
  localSteps: 150,
  withinMs: 300,
  seed,
  serve: { quorum: 60, overSelection: 1.3, deadlineSeconds: 5, lostAfterSeconds: 0.5, attempts: 1000 },
};
const fifty = {
  hosts: 10,
  clientsPerHost: 5,
  stopped: 2,
  rounds,
  cohort: 30,
  minimumReplies: 15,
  localSteps: 50,
  serve: { quorum: 50, deadlineSeconds: 1.5, lostAfterSeconds: 0.5 },
};

const figures = { seed };
const wrongs = [];

async function run(name, experiment, options) {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-churn-'));
  try {
    const ran = await experiment(folder, options);
    figures[name] = ran.figures;
    wrongs.push(...ran.wrongs.map((wrong) => `${name}: ${wrong}`));
    process.stderr.write(`${ran.wrongs.length === 0 ? 'ok    ' : 'WRONG '} ${name} ${JSON.stringify(ran.figures)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await run('thirtyOfHundredKilled', killing, { ...hundred, share: 0.3 });
await run('seventyOfHundredKilled', killing, { ...hundred, share: 0.7 });
await run('tenOfFiftyStopped', stopping, fifty);
for (const wrong of wrongs) process.stderr.write(`${wrong}\n`);
console.log(JSON.stringify({ ...figures, wrongs: wrongs.length }));
process.exitCode = wrongs.length === 0 ? 0 : 1;
