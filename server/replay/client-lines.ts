/** The lines of clients.jsonl, as far as a replay reads them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type FaultKind, faultRule } from '../../shared/federation/faults/rules.js';
import { type FailureCode, failureCodes } from '../../shared/training/reply.js';
import { linesOf } from '../store/durable.js';
import { invalid } from '../store/read-records.js';

const faultKinds: FaultKind[] = faultRule.options.map(({ shape }) => shape.kind.value);

const index = z.int().min(0);
const clientSchema = z.object({
  round: index,
  client: index,
  kind: z.enum(['update', 'failure']),
  updateDigest: z.string().optional(),
  fault: z.enum(faultKinds).optional(),
  code: z.enum(Object.keys(failureCodes) as FailureCode[]).optional(),
  reason: z.string().optional(),
  startVersion: index.optional(),
});

export type ClientLine = z.output<typeof clientSchema>;

export function clientsFile(directory: string): string {
  return join(directory, 'clients.jsonl');
}

/**
 * The lines of a run, one after the other; none if there is no such file.
 *
 * @param wanted by their text, since parsing all of them may take longer than what is asked for
 * @throws FedtempoError RECORDS_INVALID for one that is no reply's
 */
export function* clientLines(directory: string, wanted: (text: string) => boolean): Generator<ClientLine> {
  const file = clientsFile(directory);
  let number = 0;
  for (const text of existsSync(file) ? linesOf(file) : []) {
    number += 1;
    if (wanted(text)) yield parse(text, file, number);
  }
}

export function isFailure(text: string): boolean {
  return text.includes('"kind":"failure"');
}

function parse(text: string, file: string, number: number): ClientLine {
  try {
    return clientSchema.parse(JSON.parse(text));
  } catch {
    throw invalid(file, `line ${number}: ${text.slice(0, 100)}`, 'the line of a reply');
  }
}
