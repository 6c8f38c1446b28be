/** The thread in which a client process trains, so that its event loop always answers pings. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../shared/errors.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import type { RoundContent } from '../shared/protocol/round-frame.js';
import { loadData } from './load-data.js';
import { createParticipant, type Participant } from './participant.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const port = parentPort;
if (port === null) throw new Error('training-thread runs as a worker thread');
const { scenario, folder, kernels } = workerData as ThreadData;

const send = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const data = await loadData(scenario, folder);
  serve(createParticipant(data, chooseKernels(kernels), scenario.seed));
  const { digest, train, featureCount: features, classCount: classes } = data.source;
  const { clients } = scenario.data.partition;
  send({ type: 'ready', datasetDigest: digest, examples: train.examples, clients, features, classes });
} catch (error) {
  send({ type: 'failed', reason: messageOf(error) });
}

function serve(participant: Participant): void {
  let current: RoundContent | undefined;
  port?.on('message', (message: ToThread) => {
    if (message.type === 'round') {
      current = message;
      return;
    }
    if (current === undefined) return;
    const { plan, weights, control } = current;
    try {
      const variates = control && { control, own: message.state };
      const update = participant.answer(plan, message.client, weights, false, variates);
      const arrays = update.stateChange === undefined ? [update.delta] : [update.delta, update.stateChange];
      send(
        { type: 'update', update },
        arrays.map(({ buffer }) => buffer as ArrayBuffer),
      );
    } catch (error) {
      send({ type: 'failure', client: message.client, round: plan.round, reason: messageOf(error) });
    }
  });
}
