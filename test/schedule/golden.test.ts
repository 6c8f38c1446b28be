import { readFileSync } from 'node:fs';
import { createSchedule } from 'fedtempo/shared/schedule/parse.js';
import { makeProgress } from 'fedtempo/shared/schedule/schedule.js';
import { describe, expect, test } from 'vitest';

interface Case {
  readonly name: string;
  readonly call: string;
  readonly spec: unknown;
  readonly total: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
  readonly differs?: readonly number[];
  readonly why?: string;
}

const open = (library: string) => {
  const file = new URL(`../golden/schedules/${library}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as { version: string; cases: Case[] };
};

/** Keras rounds parameters to float32. The absolute part is for cosines that end at 1e-18 instead of 0. */
const tolerances = { optax: [1e-10, 1e-16], pytorch: [1e-10, 1e-16], keras: [5e-7, 1e-9] } as const;

describe.each(['optax', 'pytorch', 'keras'] as const)('%s', (library) => {
  const [relative, absolute] = tolerances[library];
  const near = (ours: number, theirs: number) => Math.abs(ours - theirs) <= relative * Math.abs(theirs) + absolute;

  test.each(open(library).cases.map((each) => [each.name, each.call, each] as const))(
    '%s: %s',
    (_, __, { spec, total, at, values, differs = [], why }) => {
      const totals = { rounds: total, steps: total, examples: total };
      const schedule = createSchedule(spec, totals);
      const ours = at.map((round) => schedule.at(makeProgress({ round, step: round, examplesSeen: round }, totals)));
      const table = at.map((t, index) => ({ t, ours: ours[index], theirs: values[index] }));
      const other = table.filter((row) => !near(row.ours, row.theirs));
      // What the maker says differs does, and nothing else.
      expect(
        other.map(({ t }) => t),
        why ?? JSON.stringify(other),
      ).toEqual(differs.filter((t) => at.includes(t)));
    },
  );
});
