/** Reads back the lines that a run goes on from. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import type { RoundRecord } from './records.js';

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
export function readRounds(file: string, lines: number): RoundRecord[] {
  if (lines === 0) return [];
  const text = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [''];
  // What follows the last newline is no line: a torn one, or nothing.
  if (text.length - 1 < lines) throw invalid(file, `${text.length - 1} lines`, `the ${lines} of its checkpoint`);
  return text.slice(0, lines).map((line, round) => {
    try {
      const record = lineSchema.parse(JSON.parse(line));
      if (record.round !== round) throw new RangeError(`round ${record.round}`);
      return record as unknown as RoundRecord;
    } catch (error) {
      const what = error instanceof z.ZodError ? error.issues[0].path.join('.') : messageOf(error);
      throw invalid(file, `line ${round + 1}: ${what.slice(0, 200)}`, `the line of round ${round}`);
    }
  });
}

export function invalid(file: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('RECORDS_INVALID', 'the records are not those that the checkpoint belongs to', {
    where: file,
    found,
    expected,
    fix: 'run the scenario again: fedtempo run scenario.yaml, the one of the run directory',
  });
}
