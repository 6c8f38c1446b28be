/**
 * Asks /healthz every 5 ms while it is told to, over a connection that stays, and keeps how long each answer took. An answer
 * that is waited for longer than that is asked for again at once, so a stall is seen in its whole length.
 */
import { Agent, request } from 'node:http';

const [url] = process.argv.slice(2);
const EVERY_MS = 5;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const latencies = [];
let asking = false;
let failures = 0;
/** How much later than asked the prober itself was woken: what the machine, not the coordinator, adds. */
let late = 0;

process.on('message', ({ type }) => {
  if (type === 'begin' && !asking) {
    asking = true;
    void ask();
  }
  if (type === 'end') asking = false;
  if (type === 'tell') process.send({ latencies, failures, late });
});

async function ask() {
  while (asking) {
    const began = performance.now();
    try {
      await once();
      latencies.push(performance.now() - began);
    } catch {
      failures += 1;
    }
    const rest = EVERY_MS - (performance.now() - began);
    const slept = performance.now();
    if (rest > 0) {
      await new Promise((resolve) => setTimeout(resolve, rest));
      late = Math.max(late, performance.now() - slept - rest);
    }
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
