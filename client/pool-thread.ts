/**
 * A thread of the worker pool: hosts any client of the population, takes tasks until none is left, adds up its part. Its
 * first message tells it of what run; it may have been started before that was known.
 */
import { parentPort } from 'node:worker_threads';
import type { SharedDataset } from '../shared/data/source.js';
import { messageOf } from '../shared/errors.js';
import type { Aggregator } from '../shared/federation/aggregator.js';
import { createAggregator } from '../shared/federation/algorithm.js';
import { receiveUpdate } from '../shared/federation/receive.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import type { ThreadReply, ThreadRequest, ThreadResponse } from '../shared/threads/messages.js';
import { TaskQueues } from '../shared/threads/task-queues.js';
import { digestOf } from './digest.js';
import { loadData } from './load-data.js';
import { createParticipant, type Participant } from './participant.js';
import type { ThreadData } from './thread-messages.js';

export interface PoolThreadData extends ThreadData {
  /** Which thread of the pool this is. */
  readonly thread: number;
  /** The dataset, opened once for all threads. */
  readonly shared: SharedDataset;
  /** Whether spans are wanted, for a trace. */
  readonly profile: boolean;
}

type Train = Extract<ThreadRequest, { type: 'train' }>;

const port = parentPort;
if (port === null) throw new Error('pool-thread runs as a worker thread');
const send = (message: ThreadResponse) => port.postMessage(message);

port.once('message', async ({ scenario, folder, kernels, thread, shared, profile }: PoolThreadData) => {
  try {
    const data = await loadData(scenario, folder, shared);
    serve(createParticipant(data, chooseKernels(kernels), scenario.seed, profile), thread);
    send({ type: 'ready', datasetDigest: data.source.digest });
  } catch (error) {
    send({ type: 'failed', reason: messageOf(error) });
  }
});

function serve(participant: Participant, thread: number): void {
  port?.on('message', (request: ThreadRequest) => {
    const { id } = request;
    if (request.type === 'train') {
      const trained = train(participant, request, thread);
      return send({ type: 'trained', id, ...trained, spent: participant.spans.take() });
    }
    const totals = participant.evaluate(request.weights, request.from, request.to);
    send({ type: 'evaluated', id, totals, spent: participant.spans.take() });
  });
}

function train(participant: Participant, { queues: memory, groups, measure, tampering }: Train, thread: number) {
  const queues = new TaskQueues(memory);
  const aggregators = groups.map(({ partial }): Aggregator | undefined => {
    if (partial === undefined) return undefined;
    return createAggregator(partial.spec, partial.sums.fill(0));
  });
  const replies: ThreadReply[] = [];
  for (let task = queues.take(thread); task !== undefined; task = queues.take(thread)) {
    const { client, group, examples } = task;
    const { plan, weights, variates } = groups[group];
    const lent = variates?.lent.get(client);
    try {
      const aggregator = aggregators[group];
      const own = variates && { control: variates.control, own: lent?.before };
      const update = participant.answer(plan, client, weights, aggregator !== undefined, own);
      const began = performance.now();
      const reception = {
        parameters: weights.length,
        examples,
        aggregator,
        lent,
        measure,
        digestOf,
        tampering: tampering.get(client),
      };
      const receive = () => receiveUpdate(update, reception);
      const reply = participant.spans.measure('receive', receive, { round: plan.round, client });
      replies.push({ reply, group, receiveMs: performance.now() - began });
    } catch (error) {
      const reason = messageOf(error);
      replies.push({
        reply: { kind: 'failure', round: plan.round, client, code: 'client-error', reason },
        group,
        receiveMs: 0,
      });
    }
  }
  return { replies, tallies: aggregators.map((aggregator) => aggregator?.tally()) };
}
