/** Reads what a run directory says of its run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import type { Summary } from './records.js';

const manifestSchema = z.looseObject({
  version: z.string(),
  dataset: z.looseObject({ digest: z.string() }),
  pool: z.looseObject({ kind: z.string() }).optional(),
});

/** What is not read is kept: going on writes the manifest again. */
export type Manifest = z.output<typeof manifestSchema>;

const summarySchema = z.looseObject({
  outcome: z.enum(['target', 'flat', 'rounds', 'interrupted', 'diverged', 'failed']),
  rounds: z.int().min(0),
  wallMs: z.number(),
  digest: z.string(),
});

export interface StoredRun {
  readonly scenarioFile: string;
  readonly manifest: Manifest;
  /** Undefined if the run was killed. */
  readonly summary: Summary | undefined;
}

/** @throws FedtempoError RUN_MISSING */
export function readRun(directory: string): StoredRun {
  const read = <T>(name: string, schema: z.ZodType<T>): T => {
    const file = join(directory, name);
    try {
      return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      throw missing(
        file,
        error instanceof z.ZodError ? `no valid ${error.issues[0].path.join('.')}` : messageOf(error),
      );
    }
  };
  const manifest = read('manifest.json', manifestSchema);
  return { scenarioFile: join(directory, 'scenario.yaml'), manifest, summary: readSummary(directory) };
}

/** One that cannot be read is as good as none: going on writes it again. */
function readSummary(directory: string): Summary | undefined {
  try {
    return summarySchema.parse(JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8'))) as unknown as Summary;
  } catch {
    return undefined;
  }
}

function missing(where: string, found: string): FedtempoError {
  return new FedtempoError('RUN_MISSING', 'this is not the directory of a run', {
    where,
    found: found.slice(0, 200),
    expected: 'a folder that `fedtempo run` made, such as runs/digits-quick-1-2026-01-31-120000',
    fix: 'give the path of the run directory; `fedtempo run` prints it',
  });
}
