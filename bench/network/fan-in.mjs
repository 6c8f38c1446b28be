/**
 * Rounds in which every client replies with an update made beforehand. With `barrier` the clients hold their updates back until
 * all were told, as training would, and broadcast and fan-in are timed apart; without it they overlap.
 */
import { fork } from 'node:child_process';
import { fileURLToPath, URL } from 'node:url';
import { Coordinator, scenarioOf } from './coordinator.mjs';
import { Generators } from './generators.mjs';
import { median, sleep, spread } from './statistics.mjs';

/** @param options `probe`: whether /healthz is asked meanwhile, by a process of its own */
export async function fanIn({ clients, rounds, hidden, barrier, generators = 4, probe = false, node = [] }) {
  const scenario = scenarioOf({ clients, cohort: clients, rounds, hidden });
  const coordinator = new Coordinator(scenario, { node });
  const parameters = [784, ...hidden, 10]
    .slice(1)
    .reduce(({ sum, before }, width) => ({ sum: sum + (before + 1) * width, before: width }), {
      sum: 0,
      before: 784,
    }).sum;
  let crowd;
  let prober;
  try {
    await coordinator.start();
    if (probe) prober = startProber(coordinator.url);
    const settings = { url: coordinator.url, clients: clients / generators, parameters, barrier };
    crowd = new Generators(generators, settings);
    const gone = [];
    const done = [];
    crowd.onHolding = (round) => {
      if (!barrier) return;
      gone[round] = performance.timeOrigin + performance.now();
      prober?.send({ type: 'phase', name: 'arrival' });
      crowd.go(round);
    };
    crowd.onDone = (round, all) => {
      prober?.send({ type: 'phase', name: round + 1 < rounds ? 'between' : 'over' });
      if (round === 0) cpu.first = coordinator.cpuSeconds();
      done[round] = {
        first: Math.min(...all.map(({ first }) => first)),
        lastTold: Math.max(...all.map(({ lastTold }) => lastTold)),
        last: Math.max(...all.map(({ last }) => last)),
        rejected: all.reduce((sum, { rejected }) => sum + rejected, 0),
      };
    };
    let largest = 0;
    const cpu = { first: 0, last: 0 };
    const watch = setInterval(() => {
      try {
        largest = Math.max(largest, coordinator.residentBytes());
        cpu.last = coordinator.cpuSeconds();
      } catch {
        // It has ended.
      }
    }, 200);
    const summary = await coordinator.ended;
    clearInterval(watch);
    await sleep(100);
    const cpuMsPerUpdate = (1000 * (cpu.last - cpu.first)) / (clients * (rounds - 1));
    if (summary === undefined) throw new Error('the coordinator ended without a summary');
    const records = coordinator.rounds();
    // The first round compiles and fills memory.
    const measured = done.slice(1);
    const rejected = done.reduce((sum, round) => sum + round.rejected, 0);
    if (rejected > 0 || records.some(({ replies }) => replies !== clients)) throw new Error(`${rejected} not accepted`);
    const wallMs = measured.at(-1).last - measured[0].first;
    return {
      clients,
      parameters,
      megabytes: (4 * parameters) / 1e6,
      rounds: measured.length,
      barrier,
      updatesPerSecond: (1000 * clients * measured.length) / wallMs,
      ...(barrier
        ? {
            fanInPerSecond: median(measured.map(({ last }, index) => (1000 * clients) / (last - gone[index + 1]))),
            broadcastMs: median(measured.map(({ first, lastTold }) => lastTold - first)),
          }
        : {}),
      broadcastMsOfCoordinator: median(records.slice(1).map(({ ms }) => ms.broadcast)),
      aggregateMsPerUpdate: median(records.slice(1).map(({ ms }) => ms.aggregate)) / clients,
      cpuMsPerUpdate,
      loopDelayMs: summary.loopDelayMs,
      largestMB: largest / 2 ** 20,
      digest: summary.digest.slice(0, 12),
      ...(prober === undefined ? {} : { healthMs: await probed(prober) }),
    };
  } finally {
    prober?.kill();
    await crowd?.stop();
    await coordinator.stop();
    coordinator.remove();
  }
}

function startProber(url) {
  const program = fileURLToPath(new URL('prober.mjs', import.meta.url));
  return fork(program, [`${url.replace('ws', 'http')}/healthz`]);
}

async function probed(prober) {
  const told = new Promise((resolve) => prober.once('message', resolve));
  prober.send({ type: 'tell' });
  const { latencies, failures, late } = await told;
  const { arrival, between } = latencies;
  return { arrival: spread(arrival), between: spread(between), asked: arrival.length, failures, late: spread(late) };
}
