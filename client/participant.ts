/**
 * Hosts a part of the population and answers one task at a time. Knows neither sockets nor threads: the inline pool
 * calls it directly, a training thread calls it on behalf of a connection or a worker pool.
 */
import type { Dataset } from '../shared/data/dataset.js';
import type { Partition } from '../shared/data/partition/partition.js';
import type { Core, EvaluationTotals, Kernels } from '../shared/kernels/kernels.js';
import { Spans } from '../shared/times/spans.js';
import type { ControlVariates } from '../shared/training/control-variate.js';
import { trainLocally } from '../shared/training/local-training.js';
import type { Update } from '../shared/training/reply.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import type { ClientData } from './load-data.js';

export interface Participant {
  /**
   * Trains one hosted client.
   *
   * @param weights global weights [p], left as they are
   * @param transient whether the update's parameters are needed only until the next answer: their memory is then used again
   * @param variates where the algorithm uses them
   */
  answer(
    plan: RoundPlan,
    client: number,
    weights: Float32Array,
    transient?: boolean,
    variates?: ControlVariates,
  ): Update;
  /** Evaluates weights [p] on the test examples from .. to − 1. */
  evaluate(weights: Float32Array, from: number, to: number): EvaluationTotals;
  /** Where its time went. */
  readonly spans: Spans;
}

/** Most that the row numbers and labels of all shards may take to be kept: 16 MiB. */
const HANDLE_BYTES = 16 * 2 ** 20;
/** What a kept shard costs beside its 8 bytes an example. */
const HANDLE_OVERHEAD_BYTES = 512;
/** Most that all shards may take in a core's arena to be kept there: 128 MiB, at about 2 bytes a feature. */
const ARENA_BYTES = 128 * 2 ** 20;
const ARENA_BYTES_PER_FEATURE = 2;

/**
 * Makes a participant. Shards are kept where those of all clients fit. Else none is: they would drive each other out
 * before they came back, and making one costs a hundredth of training on it.
 */
export function createParticipant(
  { model, partition, source }: ClientData,
  kernels: Kernels,
  seed: number,
  keepSpans = false,
): Participant {
  const spans = new Spans(() => performance.timeOrigin + performance.now(), keepSpans);
  const keeps = fits(partition, source.featureCount);
  const core = kernels.createCore(model, keeps ? undefined : 0);
  const shards = new Map<number, Dataset>();
  const shardOf = (client: number): Dataset => {
    const shard = shards.get(client) ?? source.train.select(partition.shardOf(client));
    if (keeps) shards.set(client, shard);
    return shard;
  };
  let scratch = new Float32Array(0);
  // A core of its own: shards that pass through the other would drive the test examples out each round.
  let evaluating: Core | undefined;
  let testPart: { from: number; to: number; examples: Dataset } | undefined;
  return {
    answer: (plan, client, weights, transient = false, variates = undefined) => {
      const of = { round: plan.round, client };
      const shard = spans.measure(
        'prepare',
        () => {
          const made = shardOf(client);
          core.load(made);
          return made;
        },
        of,
      );
      if (transient && scratch.length !== weights.length) scratch = new Float32Array(weights.length);
      const into = transient ? scratch : undefined;
      const task = { plan, client, weights, shard, seed, variates, now: () => performance.now(), into };
      return spans.measure('train', () => trainLocally(core, task), of);
    },
    evaluate: (weights, from, to) => {
      if (testPart?.from !== from || testPart.to !== to) {
        const rows = Uint32Array.from({ length: to - from }, (_, index) => from + index);
        testPart = { from, to, examples: source.test.select(rows) };
      }
      const { examples } = testPart;
      evaluating ??= kernels.createCore(model, 0);
      const evaluator = evaluating;
      return spans.measure('evaluate', () => {
        evaluator.load(examples);
        return evaluator.evaluate(weights);
      });
    },
    spans,
  };
}

function fits({ clients, examples }: Partition, featureCount: number): boolean {
  const handles = 8 * examples + HANDLE_OVERHEAD_BYTES * clients;
  return handles <= HANDLE_BYTES && ARENA_BYTES_PER_FEATURE * featureCount * examples <= ARENA_BYTES;
}
