import { readFileSync } from 'node:fs';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { planScenario } from 'fedtempo/shared/scenario/plan.js';
import { checkPlan } from 'fedtempo/shared/schedule/check.js';
import { scheduleKinds } from 'fedtempo/shared/schedule/create.js';
import { hyperparameterNames } from 'fedtempo/shared/schedule/names.js';
import { expect, test } from 'vitest';

const file = 'scenarios/schedule-zoo.yaml';
const runs = loadScenarios(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), file);

function kindsIn(spec: unknown): string[] {
  if (typeof spec === 'number') return ['constant'];
  if (typeof spec !== 'object' || spec === null) return [];
  const own = 'kind' in spec ? [String(spec.kind)] : [];
  return [...own, ...Object.values(spec).flatMap(kindsIn)];
}

test('the zoo has every kind and every hyperparameter that can stand beside epochs', () => {
  const kinds = new Set(runs.flatMap(({ scenario }) => Object.values(scenario.schedules).flatMap(kindsIn)));
  // qsr sets local steps, which the zoo counts in epochs; docs/schedules.md shows it.
  expect(scheduleKinds.filter((kind) => !kinds.has(kind))).toEqual(['qsr']);
  const names = Object.keys(runs[0].scenario.schedules);
  expect(hyperparameterNames.filter((name) => !names.includes(name))).toEqual(['localSteps']);
});

test('every value of every round of the zoo can be worked out', () => {
  for (const { scenario } of runs) {
    const plan = planScenario(scenario, { examples: 1500 });
    expect(checkPlan(plan)).toBe(true);
    const last = scenario.federation.rounds - 1;
    expect(Object.keys(plan.values(last))).toHaveLength(10);
  }
});
