/**
 * Where lists of non-zeros stop paying: microseconds a step of the 2NN on lists (a CSR dataset) at several densities, and on
 * dense tiles, whose time does not depend on density. `SPARSE_BELOW` in shared/kernels/shard.ts is read off this table.
 */
import { wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { time } from './protocol.mjs';
import { EXAMPLES, FEATURES, modelOf, RATE } from './workload.mjs';

const densities = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
const random = stream(4, 'synthetic');

function examples(density, sparse) {
  const features = Float32Array.from({ length: EXAMPLES * FEATURES }, () => (random.uniform() < density ? 1 : 0));
  const labels = Int32Array.from({ length: EXAMPLES }, () => random.below(10));
  const shape = { examples: EXAMPLES, featureCount: FEATURES, classCount: 10, labels };
  if (!sparse) return { ...shape, features };
  const columns = [];
  const rowStarts = [0];
  features.forEach((value, at) => {
    if (value !== 0) columns.push(at % FEATURES);
    if ((at + 1) % FEATURES === 0) rowStarts.push(columns.length);
  });
  const lists = {
    rowStarts: Uint32Array.from(rowStarts),
    columns: Uint32Array.from(columns),
    values: new Float32Array(columns.length).fill(1),
  };
  return { ...shape, features: new Float32Array(0), sparse: lists };
}

function runner(network, batch, density, sparse) {
  const core = wasmKernels.createCore(modelOf(network));
  core.load(examples(density, sparse));
  const start = initialize(modelOf(network), 'uniform', 1);
  const weights = start.slice();
  const steps = Math.max(2, Math.floor(600 / batch));
  const order = Uint32Array.from({ length: steps * batch }, (_, index) => index % EXAMPLES);
  const table = { batchSizes: new Uint32Array(steps).fill(batch), learningRates: new Float32Array(steps).fill(RATE) };
  return (milliseconds) => {
    const run = () => {
      weights.set(start);
      core.train(weights, order, table);
    };
    return time(run, steps, milliseconds);
  };
}

console.log(`| work | dense | ${densities.map((density) => `lists ${density}`).join(' | ')} |`);
console.log(`|---|---:|${densities.map(() => '---:').join('|')}|`);
for (const [network, batch] of [
  ['2nn', 1],
  ['2nn', 10],
  ['2nn', 64],
  ['logistic', 10],
]) {
  const runners = [
    runner(network, batch, 1, false),
    ...densities.map((density) => runner(network, batch, density, true)),
  ];
  const rounds = Array.from({ length: 5 }, () => runners.map((measure) => measure(150)));
  const medians = runners.map((_, index) => rounds.map((round) => round[index]).sort((a, b) => a - b)[2]);
  console.log(`| ${network}, B=${batch} | ${medians.map((value) => value.toPrecision(3)).join(' | ')} |`);
}
