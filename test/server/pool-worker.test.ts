import { WorkerPool } from 'fedtempo/server/pool/worker/worker-pool.js';
import { describe } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { digits } from '../support/digits.js';
import { poolThread } from '../support/processes.js';

async function start(workers: number) {
  const { scenario, data, digest } = await digits();
  return WorkerPool.start({
    program: poolThread,
    data: { scenario, folder: '.', kernels: 'auto', shared: data.source.shared },
    datasetDigest: digest,
    workers,
    restarts: 1,
    testExamples: data.source.test.examples,
    note: () => {},
  });
}

describe.each([1, 2, 3, 7])('the worker pool with %i threads', (workers) => {
  poolConforms(() => start(workers));
});
