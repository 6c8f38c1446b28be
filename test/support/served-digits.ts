/** A coordinator of the digits for members that a test plays itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AtEnd, startCommand } from './processes.js';

export interface ServedDigits {
  /** Of the scenario and the run directory. */
  readonly folder: string;
  readonly clients: number;
  readonly cohort: number;
  readonly rounds: number;
  /** The scenario's section `serve`, in YAML. */
  readonly serving: string;
  /** Options of `fedtempo serve`. */
  readonly options: readonly string[];
  readonly atEnd?: AtEnd | undefined;
}

/** p of its model, 64-9-10. */
export const PARAMETERS = 64 * 9 + 9 + 9 * 10 + 10;

/** Starts it in a process of its own; resolves when clients can join. */
export async function serveDigits({ folder, clients, cohort, rounds, serving, options, atEnd }: ServedDigits) {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(
    file,
    `
schemaVersion: 1
name: digits
seed: 3
data: { dataset: digits, partition: { kind: iid, clients: ${clients} } }
model: { kind: mlp, hidden: [9], activation: tanh }
federation: { rounds: ${rounds}, cohort: { size: ${cohort} }, localEpochs: 1, minimumReplies: 1 }
schedules: { learningRate: 0.1, batchSize: 20 }
serve: ${serving}
`,
  );
  const run = join(folder, 'run');
  const args = ['serve', file, '--run', run, '--port', '0', '--quiet', '--json', ...options];
  const command = startCommand(args, {}, atEnd === undefined ? {} : { atEnd });
  const [, url] = await command.says(/listening on (\S+)/);
  return { folder, run, command, url };
}
