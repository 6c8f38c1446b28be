/**
 * Writes one client's task for others to do again: the weights before, the shard, the batches in their order, the
 * hyperparameters of every step, and the update. `bench/peers/replay_torch.py` trains it in PyTorch.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../server/digest.js';
import { writeDurably } from '../../server/store/durable.js';
import { modelTensors } from '../../server/store/model-tensors.js';
import { encodeSafetensors, type Tensor } from '../../server/store/safetensors.js';
import { denseFeatures } from '../../shared/data/dense.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { localSteps } from '../../shared/training/local-steps.js';
import type { Replayed } from './replay-run.js';

/** Names of the files, for help texts. */
export const exported = ['before.safetensors', 'update.safetensors', 'shard.safetensors', 'replay.json'] as const;
/** Only where the algorithm added something to every gradient. */
const CORRECTION = 'correction.safetensors';

/** @throws FedtempoError OUTPUT_UNWRITABLE, REPLAY_UNKNOWN if the client could not train */
export function exportReplay(folder: string, directory: string, replayed: Replayed): void {
  const { task, scenario, data, fault } = replayed;
  if (task === undefined) return;
  const { plan, weights, correction, sent } = task;
  if (sent.kind === 'failure' || sent.delta === undefined) {
    const found = sent.kind === 'failure' ? sent.reason : 'no parameters';
    throw new FedtempoError('REPLAY_UNKNOWN', 'the client sent no update', { found, expected: 'an update' });
  }
  const { model, source, partition } = data;
  const { round, client } = sent;
  const shard = source.train.select(partition.shardOf(client));
  const { examples, featureCount } = shard;
  const { batches, table } = localSteps(plan, client, examples, scenario.seed);
  const columns = {
    learningRates: table.learningRates,
    momenta: table.momenta,
    proximalMus: table.proximals,
    weightDecays: table.weightDecays,
    clipNorms: table.clipNorms,
  };
  const given = Object.entries(columns).flatMap(([name, values]) => (values ? [[name, Array.from(values)]] : []));
  const replay = {
    run: directory,
    round,
    client,
    model: { widths: model.widths, activation: model.activation, loss: model.loss },
    optimizer: plan.clientOptimizer,
    batches: inBatches(batches.order, batches.batchSizes),
    ...Object.fromEntries(given),
    updateDigest: digestOf(sent.delta),
    ...(fault === undefined ? {} : { fault, countedDigest: replayed.recordedDigest }),
  };
  const metadata = { round: String(round), client: String(client) };
  const shardTensors = new Map<string, Tensor>([
    ['features', { shape: [examples, featureCount], values: denseFeatures(shard) }],
    ['labels', { shape: [examples], values: shard.labels }],
  ]);
  try {
    mkdirSync(folder, { recursive: true });
    const write = (name: (typeof exported)[number] | typeof CORRECTION, content: string | Uint8Array) =>
      writeDurably(join(folder, name), content);
    const { layout } = model;
    write('before.safetensors', encodeSafetensors({ metadata, tensors: modelTensors(layout, weights) }));
    write('update.safetensors', encodeSafetensors({ metadata, tensors: modelTensors(layout, sent.delta) }));
    write('shard.safetensors', encodeSafetensors({ metadata, tensors: shardTensors }));
    if (correction !== undefined)
      write(CORRECTION, encodeSafetensors({ metadata, tensors: modelTensors(layout, correction) }));
    write('replay.json', `${JSON.stringify(replay)}\n`);
  } catch (error) {
    throw new FedtempoError('OUTPUT_UNWRITABLE', 'the export cannot be written', {
      where: '--export',
      found: messageOf(error),
      expected: 'a folder in which this user may create files',
    });
  }
}

function inBatches(order: Uint32Array, sizes: Uint32Array): number[][] {
  let end = 0;
  return Array.from(sizes, (size) => {
    end += size;
    return Array.from(order.subarray(end - size, end));
  });
}
