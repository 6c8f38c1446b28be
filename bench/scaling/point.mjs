/**
 * One point of a curve, in a process of its own so that its memory is its own: runs rounds on MNIST with drawn shards until
 * the time is over, one round at least, and prints a line of JSON.
 *
 * `node bench/scaling/point.mjs '{"population":1000,"cohort":100,"workers":2,"hidden":[200,200],"seconds":3}'`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../dist/cli/log.js';
import { runScenario } from '../../dist/cli/run-scenario.js';
import { loadScenarios } from '../../dist/shared/scenario/load.js';

/** Rounds measured at least, on a busy machine too, unless they take ten times the time there is. */
const LEAST_ROUNDS = 5;

const { population, cohort, workers, hidden, seconds } = JSON.parse(process.argv[2]);
const text = JSON.stringify({
  schemaVersion: 1,
  name: 'scaling',
  data: { dataset: 'mnist', partition: { kind: 'drawn', clients: population, examples: 60, labels: 2 } },
  model: { kind: 'mlp', hidden },
  // More rounds than there is time for. Evaluation has a cost of its own, so there is none.
  federation: { rounds: 10_000, cohort: { size: cohort } },
  evaluation: { every: 10_000 },
  schedules: { learningRate: 0.05, batchSize: 10 },
  pool: { kind: 'worker', workers },
});

const out = mkdtempSync(join(tmpdir(), 'fedtempo-scaling-'));
try {
  const stopping = new AbortController();
  let end = Number.POSITIVE_INFINITY;
  let done = 0;
  let usage;
  let cpuMs;
  const progress = {
    start: () => {},
    note: (warning) => process.stderr.write(`${warning}\n`),
    stop: () => {},
    round: () => {
      // The first round compiles and fills memory; where it takes longer than all the time there is, it counts all the same.
      if (done++ === 0) {
        end = performance.now() + 1000 * seconds;
        cpuMs = milliseconds(process.cpuUsage());
        usage = process.cpuUsage();
      } else cpuMs = milliseconds(process.cpuUsage(usage)) / (done - 1);
      const late = performance.now() >= end && done > LEAST_ROUNDS;
      if (late || process.uptime() > 10 * seconds) stopping.abort();
    },
  };
  const [{ scenario }] = loadScenarios(text, 'scaling');
  const log = createLog('silent');
  const options = { scenario, folder: '.', out, kernels: 'auto', progress, log, signal: stopping.signal };
  const { summary } = await runScenario(options);
  const { maxRSS } = process.resourceUsage();
  const lines = (file) => readFileSync(join(summary.directory, file), 'utf8').trim().split('\n').map(JSON.parse);
  const rounds = lines('rounds.jsonl');
  const measured = rounds.length > 1 ? rounds.slice(1) : rounds;
  const clients = lines('clients.jsonl').filter(({ round }) => round >= measured[0].round);
  const result = {
    parameters: summary.parameters,
    failures: summary.failures,
    rounds: measured.length,
    // Of all threads; after a single round with the start of the process.
    cpuMs,
    roundMs: measured.map(({ ms }) => ms.total),
    trainMs: clients.reduce((sum, { trainMs }) => sum + trainMs, 0) / clients.length,
    rssMB: maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(out, { recursive: true });
}

function milliseconds({ user, system }) {
  return (user + system) / 1000;
}
