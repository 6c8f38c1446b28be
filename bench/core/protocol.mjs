/**
 * One line of JSON in, one out. {task: 'step'|'epoch'|'check', network, input, batch, milliseconds}:
 * - step: microseconds a training step on batches prepared beforehand.
 * - epoch: microseconds for 600 examples in a new order, rows gathered in the loop.
 * - check: loss of each of the first five steps over examples 0.. in order.
 */
import { createInterface } from 'node:readline';

export async function serve(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      process.stdout.write(`${JSON.stringify(await answer(request))}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
    }
  }
}

/** Median microseconds a call of `run`, which does `count` things; runs for about `milliseconds`. */
export function time(run, count, milliseconds) {
  run();
  const times = [];
  const end = performance.now() + milliseconds;
  do {
    const start = performance.now();
    run();
    times.push(((performance.now() - start) * 1000) / count);
  } while (performance.now() < end);
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}
