/** The whole command: real runs in real processes, killed, stopped, resumed; result against SciPy; the page. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowsOf } from 'fedtempo/cli/study/rows.js';
import { measureNames } from 'fedtempo/shared/study/measures.js';
import type { StudyResult } from 'fedtempo/shared/study/result.js';
import type { Interval } from 'fedtempo/shared/study/statistics.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childrenOf, isAlive, readLines, repository, startCommand, temporaryFolder } from '../support/processes.js';

const file = 'test/golden/study/digits.study.yaml';
const out = mkdtempSync(join(tmpdir(), 'fedtempo-test-'));
const folder = join(out, 'golden-digits');
let result: StudyResult;

beforeAll(async () => {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const args = [join(repository, 'dist/cli/main.js'), 'study', file, '--out', out, '--json', '--quiet'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: repository });
  expect(stderr).toBe('');
  expect(stdout).toBe(readFileSync(join(folder, 'result.json'), 'utf8'));
  result = JSON.parse(stdout) as StudyResult;
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Run directories by arm and seed. */
function runs(of: string): Map<string, string> {
  const entries = readdirSync(join(of, 'runs')).flatMap((trial) =>
    readdirSync(join(of, 'runs', trial)).map((run): [string, string] => [
      trial.replace(/-[0-9a-f]{20}$/, ''),
      join(of, 'runs', trial, run),
    ]),
  );
  return new Map(entries);
}

// The study has no device model, so nothing of it is simulated.
const measured = measureNames.filter((name) => !name.startsWith('simulated'));

test('every interval and difference is what SciPy makes of the raw records', () => {
  type Figures = Record<string, { interval: Interval | null; difference: Interval | null }>;
  const golden = (
    JSON.parse(readFileSync(join(repository, 'test/golden/study/intervals.json'), 'utf8')) as {
      study: Record<string, Figures>;
    }
  ).study;
  let compared = 0;
  for (const arm of result.arms) {
    for (const name of measured) {
      for (const part of ['interval', 'difference'] as const) {
        const [found, expected] = [arm.measures[name][part], golden[arm.name][name][part]];
        if (found === null || expected === null) {
          expect(found).toEqual(expected);
          continue;
        }
        for (const field of ['n', 'mean', 'sd', 'low', 'high'] as const) {
          const [ours, theirs] = [found[field] as number, expected[field] as number];
          expect(Math.abs(ours - theirs), `${arm.name} ${name} ${part} ${field}`).toBeLessThanOrEqual(
            1e-7 * Math.max(Math.abs(theirs), expected.sd ?? 0),
          );
          compared += 1;
        }
      }
    }
  }
  expect(compared).toBe(5 * (3 + 2) * measured.length);
});

test('trials of one seed share cohorts and first weights in all arms; seeds differ', () => {
  const directories = runs(folder);
  const cohorts = (trial: string) =>
    readLines(join(directories.get(trial) as string, 'rounds.jsonl')).map(({ cohort }) => cohort);
  for (const seed of [1, 2, 5]) {
    expect(cohorts(`falling-${seed}`)).toEqual(cohorts(`fixed-${seed}`));
    expect(cohorts(`large-${seed}`)).toEqual(cohorts(`fixed-${seed}`));
  }
  expect(cohorts('fixed-2')).not.toEqual(cohorts('fixed-1'));
  // Both rates are 0.3 in round 0: from the same weights, partition and cohort the same weights must follow.
  const first = (trial: string) => readLines(join(directories.get(trial) as string, 'rounds.jsonl'))[0].digest;
  expect(first('falling-1')).toBe(first('fixed-1'));
  expect(first('fixed-2')).not.toBe(first('fixed-1'));
  expect(result.pairing).toEqual({ partition: true, cohorts: true, initialWeights: true });
});

test('the page stands alone, runs nothing and has the numbers of the result', () => {
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(page).not.toMatch(/https?:|<script|<link|<img|<iframe|\bsrc=|\bhref=|@import|url\((?!#)|\bon\w+=/);
  expect(page).toContain('Is a &lt;b&gt;falling&lt;/b&gt; rate better?');
  for (const { rows } of rowsOf(result)) {
    for (const { mean, difference, arm } of rows) {
      expect(page).toContain(`<td>${mean.mean}</td><td>${mean.range}</td>`);
      if (arm !== result.arms[0]) expect(page).toContain(`<td>${difference.mean}</td><td>${difference.range}</td>`);
    }
  }
  for (const { digest } of result.trials) expect(page).toContain(digest as string);
  expect(page).toContain('Fewer than 5 seeds');
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
});

test('the CSV has a line for each measure and arm', () => {
  const lines = readFileSync(join(folder, 'result.csv'), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(1 + measured.length * 3);
  expect(lines.every((line) => line.split(',').length === 12)).toBe(true);
});

test('a study killed in the middle goes on: done trials stay as they are, the result is that of an undisturbed one', async () => {
  const other = temporaryFolder();
  const study = startCommand(['study', file, '--out', other]);
  await study.says(/\n\s*3\/9/);
  const children = await childrenOf(study.child.pid as number, 'trial-main');
  study.child.kill('SIGKILL');
  await study.ended;
  await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);

  const there = join(other, 'golden-digits');
  const done = [...runs(there).values()].map((run) => join(run, 'summary.json')).filter(exists);
  expect(done.length).toBeGreaterThanOrEqual(3);
  const times = done.map((summary) => statSync(summary).mtimeMs);
  // A trial cut off in the middle of a line, as a crash may leave it.
  const [half] = [...runs(there).values()].filter((run) => !exists(join(run, 'summary.json')));
  if (half !== undefined) writeFileSync(join(half, 'rounds.jsonl'), '{"round":0,');

  const again = await startCommand(['study', file, '--out', other]).ended;
  expect(again.code).toBe(0);
  expect(again.stderr).toContain(`9 trials, ${done.length} of them done before`);
  expect(done.map((summary) => statSync(summary).mtimeMs)).toEqual(times);
  expect(runs(there).size).toBe(9);
  for (const name of ['result.json', 'result.csv', 'report.html']) {
    expect(readFileSync(join(there, name), 'utf8')).toBe(readFileSync(join(folder, name), 'utf8'));
  }
});

test('Ctrl-C ends the trials under way with exit code 130 and tells how to go on; a second study is kept out', async () => {
  const other = temporaryFolder();
  const study = startCommand(['study', file, '--out', other]);
  await study.says(/\n\s*1\/9/);
  const children = await childrenOf(study.child.pid as number, 'trial-main');
  const second = await startCommand(['study', file, '--out', other]).ended;
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining('the study is being run already')]);
  study.child.kill('SIGINT');
  const { code, stderr } = await study.ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(/\d of 9 trials are done and kept\. Go on with: fedtempo study .*digits\.study\.yaml --out/);
  expect(children.filter(isAlive)).toEqual([]);
});

const small = (arms: string) => `schemaVersion: 1
name: small
scenario: ${join(repository, 'scenarios/digits-quick.yaml')}
seeds: [1]
arms:
  - { name: good, set: { federation.rounds: 2 } }
  - { name: other, set: { federation.rounds: 2, ${arms} } }
lastRounds: 2
`;

test('a diverged trial is data: recorded, shown, not run again', async () => {
  const other = temporaryFolder();
  writeFileSync(join(other, 'study.yaml'), small('schedules.learningRate: 1e30'));
  const args = ['study', join(other, 'study.yaml'), '--out', other, '--json'];
  const { code, stdout, stderr } = await startCommand(args).ended;
  expect(code).toBe(0);
  expect(stderr).toContain('Trials that diverged: 1 of “other”');
  const { arms } = JSON.parse(stdout) as StudyResult;
  expect(arms.map(({ done, diverged, failed }) => [done, diverged, failed])).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(readFileSync(join(other, 'small/report.html'), 'utf8')).toMatch(/0 done, 1 diverged/);
  expect((await startCommand(args).ended).stderr).toContain('2 trials, 2 of them done before');
});

test('a trial that fails is told, the others are kept, and the exit code is 1', async () => {
  const other = temporaryFolder();
  writeFileSync(join(other, 'study.yaml'), small('schedules.learningRate: 0.1'));
  const args = ['study', join(other, 'study.yaml'), '--out', other];
  // The runs, and not the study, read this variable.
  const { code, stderr } = await startCommand(args, { FEDTEMPO_KERNELS: 'none-such' }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/error TRIAL_FAILED: .*2 trials ended without a result/);
  expect(stderr).toMatch(/good, seed 1: .*none-such/);
  expect((await startCommand(args).ended).code).toBe(0);
});

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
