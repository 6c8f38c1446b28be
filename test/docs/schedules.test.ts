import { readdirSync, readFileSync } from 'node:fs';
import { examplesOf, picturesOf } from 'fedtempo/cli/schedule-pictures.js';
import { adaptiveTargets } from 'fedtempo/shared/schedule/adaptive/create.js';
import { scheduleKinds } from 'fedtempo/shared/schedule/create.js';
import { hyperparameterNames } from 'fedtempo/shared/schedule/names.js';
import { describe, expect, test } from 'vitest';

const docs = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('schedules.md', docs), 'utf8');

describe('docs/schedules.md', () => {
  test('has a section with an example for every kind', () => {
    const told = examplesOf(page).map(({ kind }) => kind);
    expect([...told, 'fromLearningRate'].sort()).toEqual([...scheduleKinds].sort());
  });

  test('names every hyperparameter and every adaptive schedule', () => {
    for (const name of [...hyperparameterNames, ...Object.keys(adaptiveTargets)]) expect(page).toContain(`\`${name}\``);
  });

  test('has pictures that are those of its examples: `npm run pictures` makes them', () => {
    const made = picturesOf(page);
    const stored = readdirSync(new URL('pictures/', docs)).filter((name) => name.startsWith('schedule-'));
    expect([...made.keys()].sort()).toEqual(stored.sort());
    for (const [name, svg] of made) {
      expect(readFileSync(new URL(`pictures/${name}`, docs), 'utf8') === svg, name).toBe(true);
      expect(page).toContain(`(pictures/${name})`);
    }
  });
});
