/**
 * Data that real clients bring themselves: what a coordinator, who has none of them, must be told instead.
 *
 * Shape and number stand in the scenario, since model, schedules and noise scale follow from them before any client has
 * come. Rows and labels stay with the clients.
 */
import { z } from 'zod';
import { FedtempoError } from '../errors.js';
import { MAX_WIDTH } from '../model/model.js';

/** The keys of `data` that only dataset `own` has. */
export const ownDataShape = {
  features: z.int().min(1).max(MAX_WIDTH).optional().describe('For own: features of an example.'),
  classes: z
    .int()
    .min(2)
    .max(MAX_WIDTH)
    .optional()
    .describe('For own: number of classes; labels are 0 to classes − 1.'),
  examples: z
    .int()
    .min(1)
    .max(1_000_000_000_000)
    .optional()
    .describe(
      'For own: about how many training examples all clients have; schedules that count examples or steps follow it.',
    ),
  test: z
    .string()
    .min(1)
    .optional()
    .describe('For own: a test file, .csv or .npz; relative to the scenario. Without it rounds are not evaluated.'),
  label: z.string().min(1).optional().describe('For own: the label column of a .csv test file.'),
};

/** What a scenario with dataset `own` says. */
export interface OwnSpec {
  readonly features: number;
  readonly classes: number;
  readonly examples: number;
  readonly test?: string | undefined;
  readonly label?: string | undefined;
  readonly scale?: number | undefined;
}

/** The keys as they may stand beside `dataset`. */
export type OwnKeys = { readonly [key in keyof OwnSpec]?: OwnSpec[key] | undefined };

const needed = ['features', 'classes', 'examples'] as const;

/** Whether a file name is that of CSV, plain or packed. */
export function isCsv(path: string): boolean {
  return /\.csv(\.gz)?$/i.test(path);
}

export function isNpz(path: string): boolean {
  return /\.npz$/i.test(path);
}

/** @throws FedtempoError SCENARIO_CONTRADICTION for keys of `own` with another dataset */
export function refuseOwnKeys(dataset: string, spec: OwnKeys): void {
  // By name: whoever has a whole scenario's `data` passes its partition along.
  for (const key of ['features', 'classes', 'examples', 'test', 'label'] as const) {
    const value = spec[key];
    if (value === undefined) continue;
    throw contradiction(key, `dataset ${dataset} is not the clients' own`, String(value), {
      expected: `no ${key} with dataset ${dataset}`,
      fix: `remove data.${key}, or use dataset: own`,
    });
  }
}

/** @throws FedtempoError SCENARIO_CONTRADICTION for what dataset `own` lacks, or has without a test file it belongs to */
export function ownSpecOf({ features, classes, examples, test, label, scale }: OwnKeys): OwnSpec {
  if (features === undefined || classes === undefined || examples === undefined) {
    const key = needed.find((name) => ({ features, classes, examples })[name] === undefined) as string;
    throw contradiction(key, `dataset own needs ${key}: the coordinator cannot see the data`, `no ${key}`, {
      expected: 'features, classes and examples',
      fix: `add data.${key}`,
    });
  }
  if (test === undefined) {
    for (const [key, value] of Object.entries({ label, scale })) {
      if (value === undefined) continue;
      throw contradiction(key, `${key} belongs to a test file, and there is none`, String(value), {
        expected: `no ${key} without data.test`,
        fix: `remove data.${key}, or add data.test`,
      });
    }
  } else {
    checkTest(test, label);
  }
  return { features, classes, examples, test, label, scale };
}

function checkTest(test: string, label: string | undefined): void {
  if (!isCsv(test) && !isNpz(test)) {
    const [expected, fix] = ['a .csv or .npz file', 'name a test file of one of these kinds, or leave out data.test'];
    throw contradiction('test', 'the test file is of no known kind', test, { expected, fix });
  }
  if (isCsv(test) && label === undefined) {
    const [expected, fix] = ['the name of its label column', 'add data.label'];
    throw contradiction('label', 'a CSV test file needs its label column', 'no label', { expected, fix });
  }
  if (isNpz(test) && label !== undefined) {
    const [expected, fix] = ['no label with an .npz file, whose labels are an array', 'remove data.label'];
    throw contradiction('label', 'an .npz file has no columns', label, { expected, fix });
  }
}

function contradiction(key: string, summary: string, found: string, rest: { expected: string; fix: string }) {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where: `data.${key}`, found, ...rest });
}
