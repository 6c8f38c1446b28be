/** fedtempo's own entry. Its steps always gather their rows from the shard: it has no prepared batches. */

import { wasmBytes, wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { serve, time } from './protocol.mjs';
import { EXAMPLES, FEATURES, modelOf, RATE, readWorkload } from './workload.mjs';

const { labels, features, weights } = readWorkload(process.argv[2]);
const cores = new Map();
const random = stream(2, 'synthetic');

function core(network, input) {
  const key = `${network} ${input}`;
  if (!cores.has(key)) {
    const made = wasmKernels.createCore(modelOf(network));
    made.load({ examples: EXAMPLES, featureCount: FEATURES, classCount: 10, features: features[input], labels });
    cores.set(key, made);
  }
  return cores.get(key);
}

function table(steps, batch) {
  return { batchSizes: new Uint32Array(steps).fill(batch), learningRates: new Float32Array(steps).fill(RATE) };
}

const ascending = (length) => Uint32Array.from({ length }, (_, index) => index % EXAMPLES);

await serve(({ task, network, input, batch, milliseconds }) => {
  if (task === 'product') return { gigaflops: product(milliseconds) };
  const chosen = core(network, input);
  if (task === 'check') {
    const trained = weights[network].slice();
    const order = ascending(5 * batch);
    const loss = (step) =>
      chosen.train(trained, order.subarray(step * batch, (step + 1) * batch), table(1, batch)).lossSum / batch;
    return { losses: [0, 1, 2, 3, 4].map(loss) };
  }
  const steps = task === 'epoch' ? 600 / batch : Math.max(2, Math.floor(600 / batch));
  const order = ascending(steps * batch);
  const trained = weights[network].slice();
  const run = () => {
    trained.set(weights[network]);
    if (task === 'epoch') random.shuffle(order);
    chosen.train(trained, order, table(steps, batch));
  };
  return { microseconds: time(run, task === 'epoch' ? 1 : steps, milliseconds) };
});

/** GFLOP/s of [10 × 784] · [784 × 200] alone. */
function product(milliseconds) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasmBytes()));
  exports.memory.grow(64);
  new Float32Array(exports.memory.buffer).fill(0.5);
  const [a, b, c, bias] = [4096, 65_536, 1_500_000, 2_000_000];
  const run = () => {
    for (let turn = 0; turn < 50; turn++) exports.product(a, 3136, b, 784, c, 800, bias, 10, 800);
  };
  return (2 * 10 * 784 * 200) / time(run, 50, milliseconds) / 1000;
}
