import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runIn, workspace } from '../support/cli.js';
import { repository, runCommand } from '../support/processes.js';

const commands = ['run', 'validate', 'schedule'];

/** What the help of the program and of each command must name. */
const told: Record<string, string[]> = {
  '': commands.map((command) => `\n  ${command} `),
  run: [
    ...['FEDTEMPO_SEED', 'FEDTEMPO_POOL', 'FEDTEMPO_WORKERS', 'FEDTEMPO_OUT', '--set', '--json', '--quiet'],
    ...['rounds.jsonl', 'summary.json', 'Exit code 0 done, 1 failed run, 2 bad input, 130 interrupted'],
  ],
  validate: ['Trains', '--set'],
  schedule: ['Trains nothing', '--all', '--json'],
};

describe('help', () => {
  test.each([[[]], ...commands.map((command) => [[command]])])('%j --help teaches by example', async (path) => {
    const { code, stdout, stderr } = await runCommand([...path, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const examples = stdout.split('\n').filter((line) => /^ {2}fedtempo /.test(line));
    expect(examples.length).toBeGreaterThan(0);
    for (const word of told[path[0] ?? '']) expect(stdout).toContain(word);
    for (const example of examples) {
      const [, command, ...rest] = example.trim().split(/\s+/);
      expect([...commands, 'help']).toContain(command);
      // Every scenario that an example names is there.
      const named = rest.filter((word) => word.startsWith('scenarios/'));
      for (const file of named) expect(existsSync(join(repository, file)), file).toBe(true);
    }
  });
});

test('--version is that of the package', async () => {
  const { code, stdout } = await runCommand(['--version']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each<[string, string[], RegExp]>([
  ['no command', [], /Usage: fedtempo/],
  ['an unknown command', ['rnu', 'a.yaml'], /unknown command 'rnu'[\s\S]*Did you mean run/],
  ['an unknown option', ['run', 'a.yaml', '--sed', '4'], /unknown option '--sed'[\s\S]*Did you mean .*--seed/],
  [
    'an unknown kind of pool',
    ['run', 'a.yaml', '--pool', 'cloud'],
    /--pool <kind>.*'cloud' is invalid.*inline, worker, process/,
  ],
  ['no scenario', ['run'], /missing required argument 'scenario'/],
  ['a seed that is no number', ['run', 'a.yaml', '--seed', 'five'], /--seed <n>.*'five' is invalid.*whole number/],
  ['a negative seed', ['run', 'a.yaml', '--seed=-5'], /'-5' is invalid/],
  ['an option without its value', ['run', 'a.yaml', '--out'], /'--out <folder>' argument missing/],
])('%s ends with exit code 2 and says what is wrong', async (_, args, said) => {
  const { code, stdout, stderr } = await runCommand(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
  expect(stderr).not.toContain('\n    at ');
});

describe('validate', () => {
  test('says what a run would do, of every variant, and writes nothing', async () => {
    const before = existsSync(join(repository, 'runs')) ? readdirSync(join(repository, 'runs')) : [];
    const { code, stdout, stderr } = await runCommand(['validate', 'scenarios/xor.yaml']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('xor is valid: xor (4 training and 4 test examples), 4 clients (iid), 2-4-2 tanh');
    expect(lines[0]).toContain('at most 300 rounds of 4 clients, 1 local step');
    expect(lines[1]).toContain('xor-perceptron is valid');
    expect(lines[1]).toContain('2-2 tanh');
    expect(existsSync(join(repository, 'runs')) ? readdirSync(join(repository, 'runs')) : []).toEqual(before);
  });

  test('reads the data too: what only the data shows is refused', async () => {
    const place = workspace();
    const { code, stdout, stderr } = await runCommand(['validate', place.scenario('clients: 4', 'clients: 9')]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('9 clients, 4 examples');
  });
});

describe('schedule', () => {
  test('with --json is a line for each round, and no data is opened', async () => {
    const place = workspace();
    const file = place.scenario('dataset: xor', 'dataset: idx\n  folder: nowhere');
    const { code, stdout, stderr } = await runCommand([
      ...['schedule', file, '--json', '--set', 'federation.rounds=4', '--set', 'federation.localSteps=6'],
      ...['--set', 'schedules.learningRate={kind: polynomial, start: 0.5, power: 2}'],
      ...['--set', 'schedules.batchSize={kind: linear, start: 9, end: 1}'],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { round: 0, learningRate: 0.5, batchSize: 9, localSteps: 6 },
      { round: 1, learningRate: 0.28125, batchSize: 7, localSteps: 6 },
      { round: 2, learningRate: 0.125, batchSize: 5, localSteps: 6 },
      { round: 3, learningRate: 0.03125, batchSize: 3, localSteps: 6 },
    ]);
  });

  test('as a table shows the first round, the last, and what lies between spread evenly', async () => {
    const { code, stdout } = await runCommand(['schedule', 'scenarios/mnist-lr-decay.yaml']);
    expect(code).toBe(0);
    const [name, head, , ...rows] = stdout.trimEnd().split('\n');
    expect(name).toBe('mnist-lr-decay');
    expect(head.trim().split(/\s{2,}/)).toEqual(['round', 'learning rate', 'batch size', 'local epochs', 'cohort']);
    const cells = rows.map((row) => row.trim().split(/\s+/));
    expect(cells).toHaveLength(21);
    expect(cells[0]).toEqual(['0', '0.1', '10', '1', '10']);
    // 0.1(1 − 59/60).
    expect(cells[20]).toEqual(['59', '0.001667', '10', '1', '10']);
  });

  test('with --all shows every round', async () => {
    const { stdout } = await runCommand(['schedule', 'scenarios/mnist-lr-decay.yaml', '--all']);
    expect(stdout.match(/^\d+ /gm)).toHaveLength(60);
  });
});

test('a run of a scenario with variants prints a line for each', async () => {
  const place = workspace();
  const file = place.scenario('pool:', 'variants:\n  slow: { schedules.learningRate: 0.25 }\npool:');
  const { code, stdout, stderr } = await runIn(place, file, ['--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const names = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { name: string }).name);
  expect(names).toEqual(['cli-test', 'cli-test-slow']);
  expect(readdirSync(place.out)).toHaveLength(2);
});
