/** The conclusion claims no more than the data do: crafted results and the words they must and must not give. */
import { conclusionOf } from 'fedtempo/shared/study/conclusion.js';
import { resultOf, type TrialRecord } from 'fedtempo/shared/study/result.js';
import type { Study } from 'fedtempo/shared/study/study.js';
import type { PlannedStudy } from 'fedtempo/shared/study/trials.js';
import { expect, test } from 'vitest';

interface Crafted {
  /** By seed: the final test loss of arm a and of arm b. */
  readonly losses: readonly (readonly [number, number])[];
  readonly target?: { testAccuracy?: number; testLoss?: number };
  readonly steps?: readonly [number, number];
  readonly ends?: (arm: string, seed: number) => TrialRecord['outcome'];
}

/** Two arms of two rounds whose records have the given figures. */
function conclude({ losses, target, steps = [10, 10], ends = () => 'done' }: Crafted): string {
  const seeds = losses.map((_, index) => index + 1);
  const arms = ['a', 'b'].map((name) => ({ name, label: name, set: {} }));
  const study: Study = { schemaVersion: 1, name: 's', scenario: 's.yaml', seeds, arms };
  const records = seeds.flatMap((seed, index) =>
    arms.map(({ name }, arm): TrialRecord => {
      const common = { cohort: [0], replies: 1, trainLoss: 1, testAccuracy: 0.5, examples: 8, steps: steps[arm] };
      const rounds = [
        { ...common, round: 0, testLoss: 9 },
        { ...common, round: 1, testLoss: losses[index][arm] },
      ];
      const outcome = ends(name, seed);
      return { arm: name, seed, outcome, digest: 'd', rounds: outcome === 'failed' ? [] : rounds, parameters: 5 };
    }),
  );
  const plan: PlannedStudy = { trials: [], target, lastRounds: 2 };
  return conclusionOf(resultOf(study, plan, records)).replaceAll('\u00a0', ' ');
}

const clear = [
  [1, 0.5],
  [1.1, 0.62],
  [0.9, 0.41],
  [1, 0.49],
  [1.2, 0.7],
] as const;
const unclear = [
  [1, 0.9],
  [1, 1.2],
  [1, 0.8],
  [1, 1.1],
  [1, 1.01],
] as const;

test('a difference whose interval leaves out 0 is claimed, with its size', () => {
  const text = conclude({ losses: clear });
  // Differences −0.5, −0.48, −0.49, −0.51, −0.5: mean −0.496, half width 2.7764 · 0.0114018/√5 = 0.01416.
  expect(text).toContain('“b” had a lower final test loss by 48 % (−0.496; −0.510 to −0.482)');
  expect(text).not.toMatch(/Fewer than|one seed/i);
});

test('a difference whose interval includes 0 is not claimed, and not called equality', () => {
  const text = conclude({ losses: unclear });
  expect(text).toContain('no difference was shown in final test loss (0.00; −0.19 to 0.20)');
  expect(text).toContain('does not mean equal');
  expect(text).not.toMatch(/(lower|higher) final test loss/);
});

test('fewer than five seeds are said', () => {
  expect(conclude({ losses: clear.slice(0, 4) })).toContain('Fewer than 5 seeds: take all of this as a hint');
});

test('one seed allows no claim at all', () => {
  const text = conclude({ losses: clear.slice(0, 1) });
  expect(text).toContain('With one seed no difference can be told from chance.');
  expect(text).not.toMatch(/lower|higher|no difference was shown/);
});

test('a target that some trials miss is said, and its speed is not compared', () => {
  const text = conclude({ losses: clear, target: { testLoss: 0.55 } });
  expect(text).toContain(
    'It reached the target in 3 of 5 trials, “a” in 0: how fast they reach it is therefore not compared.',
  );
  expect(text).not.toContain('rounds to target');
});

test('a target that no trial reaches is said', () => {
  expect(conclude({ losses: clear, target: { testLoss: 0.01 } })).toContain('Neither it nor “a” reached the target.');
});

test('equal rounds and fewer steps to a target that all reach are said as such', () => {
  const text = conclude({ losses: clear, target: { testLoss: 1.5 }, steps: [10, 4] });
  expect(text).toContain('Its rounds to target were the same in every trial.');
  expect(text).toContain('It needed fewer local steps to target (−12; exact).');
  expect(text).toContain('It made 8 local steps in each trial, “a” 20 (40 %).');
});

test('diverged trials are said and are in no mean', () => {
  const text = conclude({ losses: clear, ends: (arm, seed) => (arm === 'b' && seed < 3 ? 'diverged' : 'done') });
  expect(text).toContain('Trials that diverged: 2 of “b”; they are in no mean');
  // Left are the differences −0.49, −0.51, −0.5.
  expect(text).toContain('(−0.500; −0.525 to −0.475)');
});

test('failed trials are said', () => {
  const text = conclude({ losses: clear, ends: (arm, seed) => (arm === 'a' && seed === 5 ? 'failed' : 'done') });
  expect(text).toContain('Trials that failed and are missing: 1 of “a”.');
});
