/** Many clients that are there and have nothing to do: what each costs the coordinator, and whether it stays. */
import { Coordinator, scenarioOf } from './coordinator.mjs';
import { Generators } from './generators.mjs';
import { sleep } from './statistics.mjs';

/** @param options `connections`, `seconds` to stay, `tls` */
export async function idle({ connections, seconds, tls, generators = 5 }) {
  // One seat more than clients: the quorum is never there, and no round begins.
  const scenario = scenarioOf({ clients: connections + 1, cohort: connections + 1, rounds: 1, hidden: [200, 200] });
  const coordinator = new Coordinator(scenario, { tls });
  let crowd;
  try {
    await coordinator.start();
    await sleep(1000);
    const before = coordinator.residentBytes();
    const began = performance.now();
    const cpuBefore = coordinator.cpuSeconds();
    crowd = new Generators(generators, {
      url: coordinator.url,
      ca: coordinator.ca,
      clients: connections / generators,
      atOnce: 20,
    });
    await crowd.ready(connections);
    const joinSeconds = (performance.now() - began) / 1000;
    const joinCpuSeconds = coordinator.cpuSeconds() - cpuBefore;
    await sleep(1000);
    const joined = coordinator.residentBytes();
    const [cpu, stayed] = [coordinator.cpuSeconds(), performance.now()];
    let largest = joined;
    while (performance.now() - stayed < 1000 * seconds) {
      await sleep(Math.min(5000, 1000 * seconds));
      largest = Math.max(largest, coordinator.residentBytes());
    }
    const after = coordinator.residentBytes();
    const share = (coordinator.cpuSeconds() - cpu) / ((performance.now() - stayed) / 1000);
    const ready = tls ? undefined : await coordinator.readyClients();
    const kilobytes = (bytes) => (bytes - before) / 1024 / connections;
    return {
      connections,
      tls,
      seconds,
      joinSeconds,
      joinCpuMs: (1000 * joinCpuSeconds) / connections,
      beforeMB: before / 2 ** 20,
      afterMB: after / 2 ** 20,
      joinedKB: kilobytes(joined),
      largestKB: kilobytes(largest),
      endKB: kilobytes(after),
      lost: crowd.lost.length,
      readyAtEnd: ready,
      idleCpuPercent: 100 * share,
    };
  } finally {
    await crowd?.stop();
    await coordinator.stop();
    coordinator.remove();
  }
}
