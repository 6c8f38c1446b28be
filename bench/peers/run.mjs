/**
 * The same workloads in fedtempo and in other systems: `node bench/peers/run.mjs [--install] [--side both|fedtempo|peers]
 * [--peers flower,fluke] [--workloads W1,W2] [--pools worker,process] [--repeats 3] [--limit 900] [--out FILE]`.
 *
 * Everything runs end to end in processes of its own, from start to exit, contestant after contestant within a repeat, so
 * that a noisy minute hits all alike; the table has medians. Whoever is absent or fails is listed with the reason.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { fedtempo, peer, peerList } from './contestants.mjs';
import { install } from './install.mjs';
import { makeData, workloads } from './make-data.mjs';
import { report } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    install: { type: 'boolean', default: false },
    side: { type: 'string', default: 'both' },
    peers: { type: 'string' },
    workloads: { type: 'string', default: Object.keys(workloads).join() },
    pools: { type: 'string', default: 'worker,process' },
    repeats: { type: 'string', default: '3' },
    limit: { type: 'string', default: '900' },
    out: { type: 'string' },
  },
});
const repeats = Number(options.repeats);
const limitSeconds = Number(options.limit);
const names = listed('workload', options.workloads, Object.keys(workloads));
if (!['both', 'fedtempo', 'peers'].includes(options.side)) fail(`--side ${options.side}: both, fedtempo or peers`);

const chosen = choosePeers(options.peers);
if (options.install) install(chosen);
await makeData();

const absent = [];
const contestants = [];
for (const contestant of [
  ...(options.side === 'peers' ? [] : options.pools.split(',').map(fedtempo)),
  ...(options.side === 'fedtempo' ? [] : chosen.map(peer)),
]) {
  const reason = await contestant.absent();
  if (reason === undefined) contestants.push(contestant);
  else absent.push({ title: contestant.title, workload: 'all', reason });
}
for (const { title, reason } of absent) say(`${title}: left out, ${reason}`);

/** results.get(workload).get(contestant) = runs that ended well. */
const results = new Map(names.map((name) => [name, new Map(contestants.map((contestant) => [contestant, []]))]));
const failed = new Set();
const load = [];
for (let repeat = 0; repeat < repeats; repeat++) {
  for (const workload of names) {
    for (const contestant of contestants) {
      if (failed.has(`${workload} ${contestant.name}`)) continue;
      load.push(loadavg()[0]);
      const run = await contestant.run(workload, limitSeconds);
      if (run.error === undefined) {
        results.get(workload).get(contestant).push(run);
        say(
          `${workload} ${contestant.title}: ${run.seconds.toFixed(1)} s, accuracy ${(100 * run.accuracy).toFixed(1)} %`,
        );
      } else {
        failed.add(`${workload} ${contestant.name}`);
        absent.push({ title: contestant.title, workload, reason: run.error });
        say(`${workload} ${contestant.title}: ${run.error}`);
      }
    }
    // Hours of measuring should not be lost to whatever ends this process.
    if (options.out !== undefined) writeFileSync(options.out, tables(repeat + 1));
  }
}

if (options.out === undefined) process.stdout.write(tables(repeats));

function tables(done) {
  const machine = { cpu: cpus()[0].model.trim(), cores: availableParallelism(), load };
  return report({ workloads, results, absent, machine, repeats: done, command: process.argv.slice(2).join(' ') });
}

function choosePeers(text) {
  if (text === undefined) return peerList;
  const wanted = listed('peer', text, [...new Set(peerList.flatMap(({ name, environment }) => [name, environment]))]);
  return peerList.filter(({ name, environment }) => wanted.includes(name) || wanted.includes(environment));
}

function listed(kind, text, known) {
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) fail(`no ${kind} ${unknown}; there are ${known.join(', ')}`);
  return wanted;
}

function fail(text) {
  say(text);
  process.exit(2);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
