/** Whether what a client has fits the run: its number of features, classes and examples, or the shard that it trains. */
import type { ClientMessage } from '../../shared/protocol/messages.js';
import type { Refusal } from './member-connection.js';
import type { Seat } from './seats.js';

export type Declared = Extract<ClientMessage, { type: 'ready' }>;

export interface Expected {
  readonly datasetDigest: string;
  /** d, k */
  readonly features: number;
  readonly classes: number;
  /** C */
  readonly clients: number;
  /** n of the scenario's dataset: no client may have more. */
  readonly examples: number;
  readonly shardSize: (client: number) => number;
  readonly scenario: { readonly data: { readonly dataset: string } };
}

/** @param known what the client declared when it first joined the run */
export function judgeDeclaration(
  declared: Declared,
  expected: Expected,
  client: number,
  known: Seat | undefined,
): Pick<Seat, 'examples' | 'simulated'> | Refusal {
  const judged = declared.datasetDigest === undefined ? own(declared, expected) : simulated(declared, expected, client);
  if ('refuse' in judged || known === undefined) return judged;
  if (known.examples !== judged.examples || known.simulated !== judged.simulated) {
    return refusal(
      `client ${client} joined this run with ${known.examples} examples and now has ${judged.examples}; a client keeps its data for a run`,
    );
  }
  return judged;
}

function own({ features, classes, examples }: Declared, expected: Expected) {
  if (features !== expected.features)
    return refusal(`the data have ${features} features, the scenario ${expected.features}`);
  if (classes > expected.classes)
    return refusal(
      `the data have labels up to ${classes - 1}, the scenario ${expected.classes} classes (0 to ${expected.classes - 1})`,
    );
  if (examples < 1) return refusal('the data have no examples');
  if (examples > expected.examples)
    return refusal(`the data have ${examples} examples, the scenario expects at most ${expected.examples} in all`);
  return { examples, simulated: false };
}

function simulated({ datasetDigest = '', clients }: Declared, expected: Expected, client: number) {
  if (expected.scenario.data.dataset === 'own')
    return refusal('the scenario has no dataset to simulate a shard of: join with --data');
  if (clients !== expected.clients)
    return refusal(`the dataset was divided among ${clients} clients, the scenario has ${expected.clients}`);
  if (datasetDigest !== expected.datasetDigest) {
    return refusal(
      `other data: SHA-256 ${datasetDigest.slice(0, 12)}, the coordinator has ${expected.datasetDigest.slice(0, 12)}`,
    );
  }
  return { examples: expected.shardSize(client), simulated: true };
}

function refusal(reason: string): Refusal {
  return { refuse: 'DATASET_MISMATCH', reason };
}
