/**
 * The network's promises, measured: `npm run bench:network -- [--only idle,storm,fanin,arrival] [--repeats 3] [--quick] [--no-flower]
 * [--out FILE]`. README.md says what each one is. Every run is a line of the report as soon as it is done.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { fanIn } from './fan-in.mjs';
import { flower, installFlower } from './flower.mjs';
import { idle } from './idle.mjs';
import { report } from './report.mjs';
import { storm } from './storm.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'idle,storm,fanin,arrival' },
    repeats: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    'no-flower': { type: 'boolean', default: false },
    out: { type: 'string', default: `bench/results/network-${new Date().toISOString().slice(0, 10)}.md` },
  },
});
const { quick } = options;
const repeats = Number(options.repeats);
const asked = options.only.split(',');
const twoHidden = [200, 200];
const runs = [];

async function measure(kind, work) {
  const at = new Date().toISOString().slice(11, 16);
  const load = loadavg()[0];
  let result;
  try {
    result = await work();
  } catch (error) {
    result = { failed: String(error.message).split('\n')[0].slice(0, 300) };
  }
  runs.push({ kind, at, load, result });
  process.stderr.write(`${at} load ${load.toFixed(1)} ${kind} ${JSON.stringify(result)}\n`);
  writeFileSync(options.out, report(runs));
}

if (asked.includes('storm')) {
  for (let repeat = 0; repeat < repeats; repeat++) {
    await measure('storm', () => storm({ clients: quick ? 200 : 2000 }));
  }
  await measure('storm', () => storm({ clients: quick ? 200 : 2000, tls: true }));
}
if (asked.includes('fanin')) {
  const withFlower = !options['no-flower'];
  if (withFlower) installFlower();
  const rounds = quick ? 4 : 16;
  for (let repeat = 0; repeat < repeats; repeat++) {
    await measure('fanin', () => fanIn({ clients: 100, rounds, hidden: twoHidden, barrier: true }));
    await measure('fanin', () => fanIn({ clients: 100, rounds, hidden: twoHidden, barrier: false }));
    if (withFlower) await measure('flower', () => flower({ clients: 100, rounds }));
  }
}
if (asked.includes('arrival')) {
  const clients = quick ? 100 : 1000;
  for (const hidden of [[], twoHidden]) {
    const rounds = hidden.length === 0 ? 8 : 4;
    await measure('arrival', () => fanIn({ clients, rounds, hidden, barrier: true, probe: true }));
  }
}
if (asked.includes('idle')) {
  await measure('idle', () => idle({ connections: quick ? 500 : 1000, seconds: quick ? 6 : 20, tls: true }));
  await measure('idle', () => idle({ connections: quick ? 500 : 10_000, seconds: quick ? 6 : 300, tls: false }));
}
process.stdout.write(report(runs));
