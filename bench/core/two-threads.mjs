/** Epochs a second of one worker thread, then of two at once. */
import { Worker } from 'node:worker_threads';
import { quietly } from './quiet.mjs';

const workers = [];

async function answer(worker) {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

export async function measureThreads(folder, milliseconds) {
  for (let index = 0; index < 2; index++) {
    const worker = new Worker(new URL('threads.mjs', import.meta.url), { workerData: { folder } });
    workers.push(worker);
    await answer(worker);
  }
  const run = (chosen) => quietly(chosen.length, () => epochsPerSecond(chosen));
  const epochsPerSecond = async (chosen) => {
    for (const worker of chosen) worker.postMessage(milliseconds);
    const found = await Promise.all(chosen.map(answer));
    return found.reduce((sum, value) => sum + value, 0);
  };
  // One before and one after two, so that a drift of the machine cancels.
  const before = await run(workers.slice(0, 1));
  const two = await run(workers);
  const after = await run(workers.slice(1));
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  const one = (before + after) / 2;
  return { one, two, ratio: two / one };
}
