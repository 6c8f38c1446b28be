/**
 * Asks /healthz every 5 ms over a connection that stays, and keeps how long each answer took, by what went on meanwhile. An
 * answer that takes longer is waited for and asked for again at once, so that a stall is seen in its whole length.
 */
import { Agent, request } from 'node:http';

const [url] = process.argv.slice(2);
const EVERY_MS = 5;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const latencies = {};
let phase;
let failures = 0;
/** How much later than it wanted the prober itself was woken: what the machine adds, not the coordinator. */
const late = [];

process.on('message', ({ type, name }) => {
  if (type === 'tell') process.send({ latencies, failures, late });
  if (type !== 'phase') return;
  const begun = phase !== undefined;
  phase = name;
  if (!begun) void ask();
});

async function ask() {
  while (phase !== 'over') {
    const began = performance.now();
    const during = phase;
    try {
      await once();
      latencies[during] ??= [];
      latencies[during].push(performance.now() - began);
    } catch {
      if (phase !== 'over') failures += 1;
    }
    const slept = performance.now();
    const rest = EVERY_MS - (slept - began);
    if (rest <= 0) continue;
    await new Promise((resolve) => setTimeout(resolve, rest));
    late.push(performance.now() - slept - rest);
  }
}

function once() {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('refused'))));
    });
    sent.on('error', reject);
    sent.end();
  });
}
