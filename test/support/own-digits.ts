/** The digits as data that clients bring: the shards of a scenario as CSV files, and the same scenario both ways. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadData } from 'fedtempo/client/load-data.js';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';

const CLIENTS = 3;

const text = (data: string) => `schemaVersion: 1
name: own-digits
seed: 21
data: ${data}
model: { kind: mlp, hidden: [12], activation: tanh }
federation: { rounds: 12, cohort: { size: ${CLIENTS} }, localEpochs: 2 }
schedules: { learningRate: { kind: linear, start: 0.3, end: 0.03 }, batchSize: 10 }
`;

export interface OwnDigits {
  /** Where the clients hold the data. */
  readonly own: string;
  /** The same examples, dealt to the same clients by the simulator. */
  readonly simulated: string;
  /** A CSV file for each client, with label column `digit`; values 0 to 16. */
  readonly files: readonly string[];
  /** The lines of those files, [client][row], without the header. */
  readonly lines: readonly (readonly string[])[];
}

/** Writes scenarios and files into a folder. */
export async function ownDigits(folder: string): Promise<OwnDigits> {
  const simulated = text(`{ dataset: digits, partition: { kind: shards, clients: ${CLIENTS} } }`);
  const [{ scenario }] = loadScenarios(simulated, 'digits.yaml');
  const { source, partition } = await loadData(scenario, '.');
  const shape = `dataset: own, features: 64, classes: 10, examples: ${source.train.examples}`;
  const own = text(
    `{ ${shape}, test: test.csv, label: digit, scale: 16, partition: { kind: own, clients: ${CLIENTS} } }`,
  );
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  write('test.csv', table(rowsOf(source.test.select())));
  const shards = Array.from({ length: CLIENTS }, (_, client) => rowsOf(source.train.select(partition.shardOf(client))));
  return {
    own: write('own.yaml', own),
    simulated: write('digits.yaml', simulated),
    files: shards.map((lines, client) => write(`client-${client}.csv`, table(lines))),
    lines: shards,
  };
}

function rowsOf({ examples, featureCount, labels, indexed }: Dataset): string[] {
  if (indexed === undefined) throw new Error('the digits are bytes');
  const { bytes, rows } = indexed;
  return Array.from({ length: examples }, (_, index) => {
    const at = rows[index] * featureCount;
    return [...bytes.subarray(at, at + featureCount), labels[index]].join(',');
  });
}

const header = [...Array.from({ length: 64 }, (_, index) => `p${index}`), 'digit'].join(',');

function table(lines: readonly string[]): string {
  return `${[header, ...lines].join('\n')}\n`;
}
