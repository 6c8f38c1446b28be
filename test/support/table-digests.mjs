// Prints the digests of the scenario table: node test/support/table-digests.mjs [inline | worker THREADS] [kernels]
// Its output, with inline, is test/golden/scenario-table.json; a change to it must say so in CHANGELOG.md.

import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import { InlinePool } from 'fedtempo/server/pool/inline.js';
import { WorkerPool } from 'fedtempo/server/pool/worker/worker-pool.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { common, digestsOn } from './scenario-table.mjs';

const [kind = 'inline', second] = process.argv.slice(2);
const scenario = common();
const data = await loadData(scenario, '.');
const pool = kind === 'worker' ? await worker(Number(second)) : inline(second ?? 'auto');
process.stdout.write(`${JSON.stringify(await digestsOn(pool), undefined, 2)}\n`);
await pool.close();

function inline(kernels) {
  const { answer, spans } = createParticipant(data, chooseKernels(kernels), scenario.seed);
  return new InlinePool(answer, spans);
}

function worker(workers) {
  return WorkerPool.start({
    program: new URL('../../dist/client/pool-thread.js', import.meta.url),
    data: { scenario, folder: '.', kernels: 'auto', shared: data.source.shared },
    datasetDigest: data.source.digest,
    workers,
    restarts: 0,
    testExamples: data.source.test.examples,
    profile: false,
    note: () => {},
  });
}
