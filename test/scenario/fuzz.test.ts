import fc from 'fast-check';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { expect, test } from 'vitest';
import { base } from './base.js';

/** Loads or refuses; anything else is a defect. Says what it took, in milliseconds of processor time. */
function attempt(text: string, overrides: readonly string[] = []): number {
  const began = process.cpuUsage();
  try {
    for (const { scenario } of loadScenarios(text, 'fuzz.yaml', overrides))
      expect(Object.isFrozen(scenario)).toBe(true);
  } catch (error) {
    if (!(error instanceof FedtempoError)) throw error;
    expect(error.message).not.toContain('\n    at ');
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

const fragments = fc.constantFrom(
  ...['schemaVersion', 'data', 'model', 'variants', 'schedules', 'kind', 'a', '1', '-3', '1e400', '.nan', '0x1F'],
  ...['null', '~', 'true', '2001-01-01', '"', "'", ': ', ':', '- ', '? ', '{', '}', '[', ']', ',', '&a ', '*a', '<<'],
  ...['!x ', '!!binary ', '!!set ', '!!str ', '|', '>', '%YAML 1.2\n', '---\n', '...\n', '#', '\n', '\n  ', '\t', '\\'],
  ...['\u0000', '\ufeff', '\u2028', '😀', '__proto__', 'constructor', 'toString'],
);

test('arbitrary text is refused, and nothing else happens', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      attempt(text);
    }),
    { numRuns: 400 },
  );
});

test('a scenario with a piece cut out or put in is read or refused', () => {
  const edits = fc.tuple(fc.nat(base.length), fc.nat(12), fc.oneof(fragments, fc.string({ maxLength: 6 })));
  fc.assert(
    fc.property(edits, ([at, cut, put]) => {
      attempt(base.slice(0, at) + put + base.slice(at + cut));
    }),
    { numRuns: 400 },
  );
});

const json = fc.jsonValue({ depthSize: 'medium' });

test('arbitrary JSON is refused, and nothing else happens', () => {
  fc.assert(
    fc.property(json, (value) => {
      attempt(JSON.stringify(value));
    }),
    { numRuns: 500 },
  );
});

test('any value in any place of a scenario is read or refused', () => {
  const scenario = {
    schemaVersion: 1,
    name: 'fuzz',
    seed: 3,
    data: { dataset: 'digits', partition: { kind: 'iid', clients: 20 } },
    model: { kind: 'mlp', hidden: [32], activation: 'tanh' },
    federation: { algorithm: { kind: 'fedavg' }, rounds: 60, cohort: { size: 5 }, localEpochs: 2 },
    schedules: { learningRate: { kind: 'linear', start: 0.3, end: 0.1 }, batchSize: 10 },
    stop: { testAccuracy: 0.9 },
    pool: { kind: 'inline' },
    variants: { more: { 'federation.rounds': 70 } },
  };
  const paths = pathsOf(scenario);
  const likely = fc.oneof(
    json,
    fc.constantFrom(0, -1, 0.5, 1e300, '', 'full', 'iid', null, [], {}, [[]], { kind: 'step' }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...paths), likely, (path, value) => {
      const changed = structuredClone(scenario) as Record<string, unknown>;
      const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, changed);
      parent[path[path.length - 1]] = value;
      attempt(JSON.stringify(changed));
    }),
    { numRuns: 400 },
  );
});

function pathsOf(value: unknown, prefix: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [[...prefix, key], ...pathsOf(part, [...prefix, key])]);
}

test('arbitrary overrides are taken or refused', () => {
  const keys = fc.constantFrom(
    'seed',
    'data',
    'partition',
    'federation',
    'cohort',
    'size',
    'model',
    'hidden',
    '0',
    '7',
    'x',
    '',
  );
  const paths = fc.array(keys, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
  const values = fc.oneof(
    fc.array(fragments, { maxLength: 12 }).map((parts) => parts.join('')),
    json.map((value) => JSON.stringify(value)),
  );
  const overrides = fc.oneof(
    fc.tuple(paths, values).map(([path, value]) => `${path}=${value}`),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(overrides, { maxLength: 3 }), (all) => {
      attempt(base, all);
    }),
    { numRuns: 400 },
  );
});

test.each([
  ['lists within lists', '[', ''],
  ['groups within groups', '{a: ', ''],
  ['closed lists within lists', '[', ']'],
  ['sequences within sequences', '- ', ''],
  ['keys within keys', '? ', ''],
])('%s are refused quickly, however deep', (_, open, close) => {
  for (const depth of [50, 1000, 10_000]) {
    const nested = open.repeat(depth) + close.repeat(depth);
    expect(attempt(nested)).toBeLessThan(3000);
    expect(attempt(`${base}description: ${nested}\n`)).toBeLessThan(3000);
    expect(attempt(`${base}variants: { a: { b: ${nested} } }\n`)).toBeLessThan(3000);
  }
});

test.each([
  ['keys', Array.from({ length: 3000 }, (_, index) => `k${index}: 1\n`).join('')],
  ['commas', `a: [${','.repeat(25_000)}]`],
  ['quotes', "'".repeat(100_000)],
  ['backslashes', `a: "${'\\'.repeat(100_000)}`],
  ['directives', '%a\n'.repeat(30_000)],
  ['numbers', base.replace('[32]', `[${'7,'.repeat(25_000)}]`)],
  ['digits', base.replace('60', '9'.repeat(100_000))],
])('very many %s are refused in seconds', (_, text) => {
  expect(attempt(text)).toBeLessThan(5000);
});
