import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fedtempo-schedule-'));
afterAll(() => rmSync(folder, { recursive: true }));

function schedule(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', 'schedule', ...args], {
    cwd: repository,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}
const decay = 'scenarios/mnist-lr-decay.yaml';
const zoo = 'scenarios/schedule-zoo.yaml';

describe('fedtempo schedule', () => {
  test('plots what changes, and says what is only a table where it is told to', () => {
    const { code, stdout } = schedule(decay, '--plot');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {2}learning rate\n *0.1 ┤⠉/);
    expect(schedule(decay, '--no-plot').stdout).not.toContain('┤');
  });

  test('writes CSV, a line for each round', () => {
    const { stdout } = schedule(decay, '--csv', '--set', 'federation.rounds=4');
    expect(stdout).toBe(
      'round,learningRate,batchSize,localEpochs,cohortSize\n0,0.1,10,1,10\n1,0.07500000000000001,10,1,10\n2,0.05,10,1,10\n3,0.025,10,1,10\n',
    );
  });

  test('shows one round, and one step of it, where a schedule counts steps', () => {
    const rate = 'schedules.learningRate={kind: linear, start: 1, end: 0, unit: step, length: 1024}';
    const at = (...args: string[]) => JSON.parse(schedule(decay, '--set', rate, '--json', ...args).stdout) as object;
    // 600 examples a client in batches of 10: 60 steps a round.
    expect(at('--round', '3')).toEqual({
      round: 3,
      step: 180,
      learningRate: 1 - 180 / 1024,
      batchSize: 10,
      localEpochs: 1,
      cohortSize: 10,
    });
    expect(at('--step', '185')).toEqual(at('--round', '3', '--step', '5'));
    expect(at('--round', '3', '--step', '5')).toMatchObject({ step: 185, learningRate: 1 - 185 / 1024 });
  });

  test('writes a picture of each run', () => {
    const file = join(folder, 'zoo.svg');
    const { code, stderr } = schedule(zoo, '--no-plot', '--svg', file);
    expect(code).toBe(0);
    expect(stderr.match(/^wrote /gm)).toHaveLength(6);
    expect(readFileSync(file, 'utf8')).toContain('schedule-zoo</text>');
    expect(readFileSync(join(folder, 'zoo-seesaw.svg'), 'utf8')).toContain('schedule-zoo-seesaw</text>');
  });

  test('warns of traps on standard error', () => {
    const { code, stderr } = schedule(decay, '--set', 'schedules.batchSize={kind: linear, start: 64, end: 0}');
    expect(code).toBe(0);
    expect(stderr).toContain('warning: mnist-lr-decay: learning rate and batch size both decay by the power 1');
  });

  test('says which values follow the run', () => {
    const adaptive = 'schedules.batchSize={kind: growBatchOnPlateau, start: 10, max: 80}';
    const { code, stdout, stderr } = schedule(decay, '--set', adaptive, '--json', '--round', '5');
    expect({ code, batchSize: (JSON.parse(stdout) as { batchSize: number }).batchSize }).toEqual({
      code: 0,
      batchSize: 10,
    });
    expect(stderr).toContain('note: mnist-lr-decay: batchSize is growBatchOnPlateau');
  });

  test.each([
    [[decay, '--round', '60'], '0 to 59'],
    [[decay, '--step', '3600'], '0 to 3599'],
    [[decay, '--round', 'x'], 'whole number'],
    [[decay, '--json', '--csv'], 'cannot be used with'],
    [[decay, '--svg', '/nowhere/at/all.svg'], 'OUTPUT_UNWRITABLE'],
    [[decay, '--set', 'schedules.learningRate={kind: table, file: none.csv}'], 'a table cannot be read'],
  ])('%j is refused with exit code 2', (args, said) => {
    const { code, stderr } = schedule(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});
