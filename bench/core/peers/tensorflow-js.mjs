/** TensorFlow.js, WebAssembly backend with SIMD, one thread: variableGrads and its SGD optimizer, as its guide shows. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { serve } from '../protocol.mjs';
import { EXAMPLES, FEATURES, networks, RATE, readWorkload } from '../workload.mjs';

const { labels, features, weights } = readWorkload(process.argv[2]);
setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
await tf.setBackend('wasm');
await tf.ready();
const optimizer = tf.train.sgd(RATE);

function makeNetwork(network) {
  const widths = networks[network];
  const flat = weights[network];
  const layers = [];
  let at = 0;
  for (let index = 0; index + 1 < widths.length; index++) {
    const [inputs, outputs] = [widths[index], widths[index + 1]];
    const w = tf.variable(tf.tensor2d(flat.slice(at, at + inputs * outputs), [inputs, outputs]));
    at += inputs * outputs;
    const b = tf.variable(tf.tensor1d(flat.slice(at, at + outputs)));
    at += outputs;
    layers.push({ w, b });
  }
  return layers;
}

const meanLoss = (layers, x, y) => {
  let a = x;
  layers.forEach(({ w, b }, index) => {
    a = tf.add(tf.matMul(a, w), b);
    if (index + 1 < layers.length) a = tf.relu(a);
  });
  return tf.mean(tf.losses.softmaxCrossEntropy(y, a, undefined, undefined, tf.Reduction.NONE));
};

function step(layers, { x, y }) {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(
      () => meanLoss(layers, x, y),
      layers.flatMap(({ w, b }) => [w, b]),
    );
    optimizer.applyGradients(grads);
    return value.dataSync()[0];
  });
}

function prepare(input, batch, count) {
  return Array.from({ length: count }, (_, index) => {
    const rows = Array.from({ length: batch }, (_, row) => (index * batch + row) % EXAMPLES);
    const x = tf.tensor2d(
      rows.flatMap((row) => Array.from(features[input].subarray(row * FEATURES, (row + 1) * FEATURES))),
      [batch, FEATURES],
    );
    const y = tf.tidy(() =>
      tf.cast(
        tf.oneHot(
          tf.tensor1d(
            Array.from(rows, (row) => labels[row]),
            'int32',
          ),
          10,
        ),
        'float32',
      ),
    );
    return { x, y };
  });
}

await serve(({ task, network, input, batch, milliseconds }) => {
  if (task === 'epoch') return { error: 'not measured' };
  const layers = makeNetwork(network);
  const batches = prepare(input, batch, 5);
  try {
    if (task === 'check') return { losses: batches.map((prepared) => step(layers, prepared)) };
    const times = [];
    const end = performance.now() + milliseconds;
    for (let turn = 0; turn < 3 || performance.now() < end; turn++) {
      const start = performance.now();
      step(layers, batches[turn % batches.length]);
      if (turn > 0) times.push((performance.now() - start) * 1000);
    }
    times.sort((a, b) => a - b);
    return { microseconds: times[times.length >> 1] };
  } finally {
    tf.dispose(batches);
    tf.dispose(layers);
  }
});
