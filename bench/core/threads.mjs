/** A worker thread that trains a 2NN over and over between two signals; see run.mjs. */
import { parentPort, workerData } from 'node:worker_threads';
import { wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { EXAMPLES, FEATURES, modelOf, readWorkload } from './workload.mjs';

const { labels, features, weights } = readWorkload(workerData.folder);
const core = wasmKernels.createCore(modelOf('2nn'));
core.load({ examples: EXAMPLES, featureCount: FEATURES, classCount: 10, features: features.mnist, labels });
const order = Uint32Array.from({ length: 600 }, (_, index) => (index * 7) % EXAMPLES);
const steps = { batchSizes: new Uint32Array(60).fill(10), learningRates: new Float32Array(60).fill(0.01) };
const trained = weights['2nn'].slice();

parentPort.on('message', (milliseconds) => {
  const start = performance.now();
  let epochs = 0;
  while (performance.now() - start < milliseconds) {
    trained.set(weights['2nn']);
    core.train(trained, order, steps);
    epochs++;
  }
  parentPort.postMessage((epochs * 1000) / (performance.now() - start));
});
core.train(trained, order, steps);
parentPort.postMessage('ready');
