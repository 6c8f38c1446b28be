/**
 * Values one by one: values[⌊t/every⌋], the last one kept afterwards. They stand in the scenario, or in a column of a
 * CSV file that the node side reads before the schedule is made (`tables.ts`).
 *
 * The length must be that of the run, so that a table made for another run is noticed; `keepLast` lifts that.
 */
import { z } from 'zod';
import { defineKind, invalid } from '../kind.js';

/** The most values of a table. */
export const MAX_TABLE = 1_000_000;

export const table = defineKind({
  schema: z.strictObject({
    kind: z.literal('table'),
    values: z.array(z.number().nonnegative()).min(1).max(MAX_TABLE).optional().describe('The values, in order.'),
    file: z.string().min(1).optional().describe('A CSV file with the values, relative to the scenario.'),
    column: z.string().min(1).optional().describe('The column of the file, by its title. Default: the last one.'),
    every: z.int().min(1).default(1).describe('Positions for which each value holds.'),
    keepLast: z.boolean().default(false).describe('Allow a table shorter than the run; its last value is kept.'),
  }),
  create({ values, file, every, keepLast }, context) {
    if ((values === undefined) === (file === undefined)) {
      throw invalid(context, 'values', 'a table has values or names a file', {
        found: values === undefined ? 'neither' : 'both',
        expected: 'values: [...] or file: name.csv',
      });
    }
    if (values === undefined) {
      throw invalid(context, 'file', 'a table’s file is not read here', {
        found: String(file),
        expected: 'values',
        fix: 'open the scenario from a file, so that the table beside it can be read',
      });
    }
    if (!keepLast) {
      const needed = Math.ceil(context.total() / every);
      if (values.length !== needed) {
        throw invalid(context, 'values', 'the table has the wrong length', {
          found: `${values.length} values, each for ${every}`,
          expected: `${needed} values`,
          fix: `give ${needed} values, change every, or set keepLast: true to keep the last value`,
        });
      }
    }
    return (t) => values[Math.min(values.length - 1, Math.floor(t / every))];
  },
});
