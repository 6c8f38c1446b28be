/** Reads back the lines that a run goes on from. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { linesOf } from './durable.js';
import type { KeptRecord, RoundRecord } from './records.js';

/** What going on needs of a line; the rest is kept as it stands. */
const total = z.int().min(0);
const lineSchema = z.looseObject({
  round: z.int().min(0),
  examples: total,
  steps: total,
  bytesDown: total,
  bytesUp: total,
  totalExamples: total,
  totalSteps: total,
  totalBytes: total,
  failures: z.array(z.unknown()),
  testLoss: z.number().nullable(),
  testAccuracy: z.number().nullable(),
  digest: z.string(),
});

/**
 * The first `lines` lines of rounds.jsonl.
 *
 * @throws FedtempoError RECORDS_INVALID if there are fewer, or one is no round's line in its place
 */
export function readRounds(file: string, lines: number): KeptRecord[] {
  const records: KeptRecord[] = [];
  for (const record of lines === 0 ? [] : roundLines(file)) {
    const { cohort: _, ...kept } = record;
    records.push(kept);
    if (records.length === lines) break;
  }
  if (records.length < lines) throw invalid(file, `${records.length} lines`, `the ${lines} of its checkpoint`);
  return records;
}

/** The lines of rounds.jsonl, one after the other. @throws FedtempoError RECORDS_INVALID for one that is none */
export function* roundLines(file: string): Generator<RoundRecord> {
  let round = 0;
  for (const line of existsSync(file) ? linesOf(file) : []) {
    try {
      const record = lineSchema.parse(JSON.parse(line));
      if (record.round !== round) throw new RangeError(`round ${record.round}`);
      yield record as unknown as RoundRecord;
    } catch (error) {
      const what = error instanceof z.ZodError ? error.issues[0].path.join('.') : messageOf(error);
      throw invalid(file, `line ${round + 1}: ${what.slice(0, 200)}`, `the line of round ${round}`);
    }
    round += 1;
  }
}

export function invalid(file: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('RECORDS_INVALID', 'the records are not those that the checkpoint belongs to', {
    where: file,
    found,
    expected,
    fix: 'run the scenario again: fedtempo run scenario.yaml, the one of the run directory',
  });
}
