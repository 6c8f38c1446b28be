/** The results of a run of the network benches, as Markdown: what is asked, what was measured, and every run. */
import { availableParallelism, cpus } from 'node:os';
import { median } from './statistics.mjs';

const short = (value) =>
  value === undefined || Number.isNaN(value)
    ? ''
    : Math.abs(value) < 10
      ? value.toFixed(2)
      : Math.abs(value) < 100
        ? value.toFixed(1)
        : Math.round(value).toLocaleString('en-US');
const three = ({ p50, p99, max }) => `${short(p50)} / ${short(p99)} / ${short(max)}`;

const tables = {
  idle: {
    title: 'Idle: authenticated connections that do nothing but answer pings',
    columns: {
      connections: ({ connections, tls }) => `${connections.toLocaleString('en-US')}${tls ? ', TLS' : ''}`,
      'KB each at the end': ({ endKB }) => short(endKB),
      'KB each, largest': ({ largestKB }) => short(largestKB),
      'MB before → after': ({ beforeMB, afterMB }) => `${short(beforeMB)} → ${short(afterMB)}`,
      'stayed, s': ({ seconds }) => seconds,
      lost: ({ lost }) => lost,
      'there at the end, by the coordinator': ({ readyAtEnd }) => readyAtEnd ?? '',
      'joined in s': ({ joinSeconds }) => short(joinSeconds),
      'coordinator’s CPU ms a join': ({ joinCpuMs }) => short(joinCpuMs),
      'its CPU while idle, %': ({ idleCpuPercent }) => short(idleCpuPercent),
    },
  },
  storm: {
    title: 'Storm: the coordinator is killed with SIGKILL under all clients and started again at once',
    columns: {
      clients: ({ clients, tls }) => `${clients.toLocaleString('en-US')}${tls ? ', TLS' : ''}`,
      'listening again after ms': ({ startMs }) => short(startMs),
      'back since the kill, p50 / p99 / max, ms': ({ sinceKilledMs }) => three(sinceKilledMs),
      'the same since it listens': ({ sinceListeningMs }) => three(sinceListeningMs),
      'handshakes/s, mean': ({ handshakesPerSecond }) => short(handshakesPerSecond),
      'best second': ({ busiestSecond }) => busiestSecond,
      'there, by the coordinator': ({ readyAtEnd }) => readyAtEnd ?? '',
    },
  },
  fanin: {
    title: 'Fan-in: 100 clients, each replies in each round with 0.8 MB',
    columns: {
      'hold back until all are told': ({ barrier }) => (barrier ? 'yes' : 'no'),
      rounds: ({ rounds }) => rounds,
      'updates/s, whole rounds': ({ updatesPerSecond }) => short(updatesPerSecond),
      'updates/s, fan-in alone': ({ fanInPerSecond }) => short(fanInPerSecond),
      'broadcast of 100 models, ms': ({ broadcastMs }) => short(broadcastMs),
      'coordinator’s CPU ms an update': ({ cpuMsPerUpdate }) => short(cpuMsPerUpdate),
      'loop delay p99 / max, ms': ({ loopDelayMs }) => `${short(loopDelayMs.p99)} / ${short(loopDelayMs.max)}`,
      'largest MB': ({ largestMB }) => short(largestMB),
    },
  },
  flower: {
    title: 'The same through Flower’s gRPC server (start_server, start_client), no journal, no signatures',
    columns: {
      flwr: ({ version }) => version,
      clients: ({ clients }) => clients,
      rounds: ({ rounds }) => rounds,
      'updates/s, whole rounds': ({ updatesPerSecond }) => short(updatesPerSecond),
      'updates/s, there and back without the mean': ({ roundTripPerSecond }) => short(roundTripPerSecond),
      'mean, ms an update': ({ aggregateMsPerUpdate }) => short(aggregateMsPerUpdate),
      'KB a connected client': ({ connectedKB }) => short(connectedKB),
      'largest MB': ({ largestMB }) => short(largestMB),
    },
  },
  arrival: {
    title: 'Arrival: all clients send at the same moment, /healthz is asked every 5 ms',
    columns: {
      'clients × MB': ({ clients, megabytes }) => `${clients} × ${short(megabytes)}`,
      rounds: ({ rounds }) => rounds,
      'updates/s, fan-in alone': ({ fanInPerSecond }) => short(fanInPerSecond),
      '/healthz while they arrive, p50 / p99 / max, ms': ({ healthMs }) => three(healthMs.arrival),
      'the same while a round is saved and announced': ({ healthMs }) => three(healthMs.between),
      'the prober woken late': ({ healthMs }) => three(healthMs.late),
      failed: ({ healthMs }) => healthMs.failures,
      'loop delay p99 / max, ms': ({ loopDelayMs }) => `${short(loopDelayMs.p99)} / ${short(loopDelayMs.max)}`,
      'largest MB': ({ largestMB }) => short(largestMB),
    },
  },
};

function table(kind, runs) {
  const { title, columns } = tables[kind];
  const names = Object.keys(columns);
  const lines = runs.map(({ at, load, result }) => {
    const cells =
      result.failed === undefined ? names.map((name) => columns[name](result)) : [`failed: ${result.failed}`];
    return `| ${[at, load.toFixed(1), ...cells].join(' | ')} |`;
  });
  const head = `| UTC | load before | ${names.join(' | ')} |`;
  return [`## ${title}`, '', head, `|---|---:|${'---:|'.repeat(names.length)}`, ...lines, ''];
}

function targets(of) {
  const line = (what, limit, value, met) => `| ${what} | ${limit} | ${value} | ${met ? 'met' : 'missed'} |`;
  const lines = [];
  const plain = of('idle').find(({ tls }) => !tls);
  if (plain !== undefined) {
    const { connections, largestKB, lost } = plain;
    lines.push(line(`memory each, ${connections} idle`, '≤ 16 KB', `${short(largestKB)} KB`, largestKB <= 16));
    lines.push(line('of them lost', '0', lost, lost === 0));
  }
  for (const encrypted of [false, true]) {
    const storms = of('storm').filter(({ tls }) => tls === encrypted);
    if (storms.length === 0) continue;
    const worst = Math.max(...storms.map(({ sinceKilledMs }) => sinceKilledMs.max)) / 1000;
    const what = `all ${storms[0].clients} back${encrypted ? ' over TLS' : ''}, worst run`;
    lines.push(line(what, '≤ 15 s', `${short(worst)} s`, worst <= 15));
  }
  const held = of('fanin').filter(({ barrier }) => barrier);
  if (held.length > 0) {
    const rate = median(held.map(({ fanInPerSecond }) => fanInPerSecond));
    lines.push(line('fan-in of 0.8 MB, median', '≥ 250/s', `${short(rate)}/s`, rate >= 250));
    const delay = median(of('fanin').map(({ loopDelayMs }) => loopDelayMs.p99));
    lines.push(line('loop delay p99, median', '≤ 50 ms', `${short(delay)} ms`, delay <= 50));
  }
  for (const { megabytes, clients, healthMs } of of('arrival')) {
    const { p99, max } = healthMs.arrival;
    const what = `/healthz while ${clients} × ${short(megabytes)} MB arrive`;
    lines.push(line(what, '≤ 50 ms', `p99 ${short(p99)}, max ${short(max)} ms`, max <= 50));
  }
  const free = of('fanin').filter(({ barrier }) => !barrier);
  const peer = of('flower');
  if (free.length > 0 && peer.length > 0) {
    const rate = (results) => median(results.map(({ updatesPerSecond }) => updatesPerSecond));
    lines.push(`| whole rounds, of Flower’s | | ${short(rate(free) / rate(peer))} × | |`);
  }
  return lines.length === 0 ? [] : ['| | asked | measured | |', '|---|---:|---:|---|', ...lines, ''];
}

export function report(runs) {
  const of = (kind) => runs.filter((run) => run.kind === kind && !run.result.failed).map(({ result }) => result);
  const kinds = Object.keys(tables).filter((kind) => runs.some((run) => run.kind === kind));
  return [
    `# Network, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}. Coordinator and clients share the machine, over ` +
      'loopback; bench/network/README.md has the method. “Load before” is the load average over one minute as the run begins: ' +
      'runs that follow each other see the one before; what others did meanwhile shows in it too.',
    '',
    ...targets(of),
    ...kinds.flatMap((kind) =>
      table(
        kind,
        runs.filter((run) => run.kind === kind),
      ),
    ),
  ].join('\n');
}
