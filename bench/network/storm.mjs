/** The coordinator is killed under many clients and started again: when is each of them back? */
import { Coordinator, scenarioOf } from './coordinator.mjs';
import { Generators } from './generators.mjs';
import { now, sleep, spread } from './statistics.mjs';

export async function storm({ clients, generators = 4, downMs = 0, tls = false }) {
  const scenario = scenarioOf({ clients: clients + 1, cohort: clients + 1, rounds: 1, hidden: [200, 200] });
  const coordinator = new Coordinator(scenario, { tls });
  let crowd;
  try {
    await coordinator.start();
    crowd = new Generators(generators, { url: coordinator.url, ca: coordinator.ca, clients: clients / generators });
    await crowd.ready(clients);
    await sleep(500);
    crowd.away.clear();
    const killed = now();
    await coordinator.stop('SIGKILL');
    if (downMs > 0) await sleep(downMs);
    const startMs = await coordinator.start();
    const listening = now();
    await crowd.ready(2 * clients);
    const cpuMs = 1000 * coordinator.cpuSeconds();
    await sleep(500);
    const ready = tls ? undefined : await coordinator.readyClients();
    const back = crowd.readyAt.slice(clients);
    const first = Math.min(...back);
    const lasted = Math.max(...back) - first;
    return {
      clients,
      tls,
      downMs,
      startMs,
      // From the kill; and from when it listens again.
      sinceKilledMs: spread(back.map((at) => at - killed)),
      sinceListeningMs: spread(back.map((at) => at - listening)),
      handshakesPerSecond: (1000 * clients) / lasted,
      busiestSecond: busiest(back),
      cpuMsOfCoordinator: cpuMs,
      readyAtEnd: ready,
      connections: crowd.readyAt.length,
      away: Object.fromEntries(crowd.away),
    };
  } finally {
    await crowd?.stop();
    await coordinator.stop();
    coordinator.remove();
  }
}

/** The most within one second. */
function busiest(times) {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while (sorted[to] - sorted[from] >= 1000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
