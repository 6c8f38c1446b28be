/** The thread in which the clients of a process train, so that its event loop always answers the coordinator. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Partition } from '../../shared/data/partition/partition.js';
import { messageOf } from '../../shared/errors.js';
import { chooseKernels } from '../../shared/kernels/choose.js';
import { type ClientData, loadData } from '../load-data.js';
import { ownClientData } from '../own-client-data.js';
import { createParticipant } from '../participant.js';
import { rowsOf } from './trainer.js';
import type { FromTrainer, ToTrainer, TrainerData } from './trainer-messages.js';

const port = parentPort;
if (port === null) throw new Error('trainer-thread runs as a worker thread');
const { seed, model, features, classes, kernels, holding } = workerData as TrainerData;
const send = (message: FromTrainer, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

/** Which part of own data each client of the run has. */
const parts = new Map<number, number>();

try {
  const data = holding.kind === 'own' ? ownParts(holding) : await loadData({ seed, data: holding.data, model }, '.');
  const participant = createParticipant(data, chooseKernels(kernels), seed);
  port.on('message', (message: ToTrainer) => {
    if (message.type === 'host') {
      parts.set(message.client, message.part);
      return;
    }
    const { id, client, content } = message;
    try {
      const update = participant.answer(content.plan, client, content.weights);
      send({ type: 'update', id, update }, [update.delta.buffer as ArrayBuffer]);
    } catch (error) {
      send({ type: 'failure', id, reason: messageOf(error) });
    }
  });
  const { source, partition } = data;
  const shape = { examples: source.train.examples, features: source.featureCount, classes: source.classCount };
  const declaration =
    holding.kind === 'own'
      ? { ...shape, features: holding.data.featureCount, classes: holding.data.classCount, clients: 1 }
      : { ...shape, datasetDigest: source.digest, clients: partition.clients };
  send({ type: 'ready', declaration });
} catch (error) {
  send({ type: 'failed', reason: messageOf(error) });
}

/** Own data, row r with part r mod parts; a client has the rows of its part. */
function ownParts({ data, parts: count }: Extract<TrainerData['holding'], { kind: 'own' }>): ClientData {
  const whole = ownClientData(data, model, { featureCount: features, classCount: classes, client: 0 });
  const partOf = (client: number) => {
    const part = parts.get(client);
    if (part === undefined) throw new Error(`client ${client} has no data here`);
    return part;
  };
  const partition: Partition = {
    clients: count,
    examples: data.examples,
    sizeOf: (client) => rowsOf(data.examples, count, partOf(client)),
    shardOf: (client) => {
      const part = partOf(client);
      return Uint32Array.from({ length: rowsOf(data.examples, count, part) }, (_, row) => part + row * count);
    },
  };
  return { ...whole, partition };
}
