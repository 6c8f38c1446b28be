/**
 * The training core against TensorFlow.js, PyTorch and numpy on one thread: `node bench/core/run.mjs [--install] [--rounds 7] [--out FILE]`.
 *
 * Each peer is a process of its own that answers one request at a time (protocol.mjs). All first train five steps from the
 * same weights and their losses are compared; only then are they timed, peer after peer within a round, so that a noisy
 * minute hits all alike; what was measured while others computed is measured again (quiet.mjs). The table has medians. A peer that is not installed is left out, by name.
 *
 * `--install` first installs the peers beside this file: the npm packages, and a Python environment with the packages of
 * peers/requirements.txt. FEDTEMPO_PYTHON names another Python that has them.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { discarded, quietly } from './quiet.mjs';
import { report } from './report.mjs';
import { measureThreads } from './two-threads.mjs';
import { writeWorkload } from './workload.mjs';

const { values: options } = parseArgs({
  options: {
    install: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    out: { type: 'string' },
    milliseconds: { type: 'string', default: '300' },
  },
});
const rounds = Number(options.rounds);
const milliseconds = Number(options.milliseconds);

const folder = mkdtempSync(join(tmpdir(), 'fedtempo-bench-'));
writeWorkload(folder);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const environment = here('peers/.venv');
if (options.install) install();
const python = process.env.FEDTEMPO_PYTHON ?? (existsSync(environment) ? join(environment, 'bin/python') : 'python3');

class Peer {
  #process;
  #answers;

  constructor(name, command, args) {
    this.name = name;
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
    this.#process = spawn(command, [...args, folder], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#process.on('error', () => {});
    this.#process.stdin.on('error', () => {});
    const lines = createInterface({ input: this.#process.stdout });
    this.#answers = (async function* () {
      for await (const line of lines) if (line.startsWith('{')) yield JSON.parse(line);
    })();
  }

  async ask(request) {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    return done ? { error: 'not installed' } : value;
  }

  close() {
    this.#process.stdin.end();
  }
}

const peers = [
  new Peer('fedtempo', process.execPath, [here('fedtempo.mjs')]),
  new Peer('numpy', python, [here('peers/python.py'), 'numpy']),
  new Peer('PyTorch eager', python, [here('peers/python.py'), 'torch']),
  new Peer('PyTorch compile', python, [here('peers/python.py'), 'torch-compile']),
  new Peer('TensorFlow.js', process.execPath, [here('peers/tensorflow-js.mjs')]),
];

const cases = [
  ...[1, 10, 32, 64, 600].map((batch) => ({ task: 'step', network: '2nn', input: 'mnist', batch })),
  ...[1, 10, 32, 64, 600].map((batch) => ({ task: 'step', network: '2nn', input: 'dense', batch })),
  ...[1, 10, 64].map((batch) => ({ task: 'step', network: 'logistic', input: 'mnist', batch })),
  { task: 'epoch', network: '2nn', input: 'mnist', batch: 10 },
  { task: 'epoch', network: 'logistic', input: 'mnist', batch: 10 },
];

const present = await checkedPeers();
const times = cases.map(() => new Map(present.map(({ name }) => [name, []])));
const rates = { fedtempo: [], sgemm: [], product: [] };
const threads = { one: [], two: [], ratio: [] };
const load = [];
await warmUp();
for (let round = 0; round < rounds; round++) {
  process.stderr.write(`round ${round + 1} of ${rounds}, load ${loadavg()[0].toFixed(2)}\n`);
  load.push(loadavg()[0]);
  for (const [index, request] of cases.entries()) {
    for (const peer of present) {
      const { microseconds } = await quietly(1, () => peer.ask({ ...request, milliseconds }));
      if (microseconds !== undefined) times[index].get(peer.name).push(microseconds);
    }
  }
  await measureRates();
  const measured = await measureThreads(folder, 3 * milliseconds);
  for (const key of Object.keys(threads)) threads[key].push(measured[key]);
}
for (const peer of peers) peer.close();
rmSync(folder, { recursive: true });

const machine = { cpu: cpus()[0].model, cores: availableParallelism(), node: process.version, load, discarded };
const text = report({ cases, times, rates, threads, machine, rounds, milliseconds });
process.stdout.write(text);
if (options.out !== undefined) writeFileSync(options.out, text);

function install() {
  const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 2, 2] });
  run('npm', 'ci', '--ignore-scripts', '--prefix', here('peers'));
  if (!existsSync(environment)) run('python3', '-m', 'venv', environment);
  run(join(environment, 'bin/python'), '-m', 'pip', 'install', '--quiet', '-r', here('peers/requirements.txt'));
}

/** Peers whose first five losses agree with fedtempo's, on every network and input. */
async function checkedPeers() {
  const agreeing = [];
  for (const peer of peers) {
    let problem;
    for (const network of ['2nn', 'logistic']) {
      for (const input of ['mnist', 'dense']) {
        const request = { task: 'check', network, input, batch: 10 };
        const [expected, found] = [await peers[0].ask(request), await peer.ask(request)];
        const off = found.losses?.some(
          (loss, step) => !(Math.abs(loss - expected.losses[step]) < 1e-5 * expected.losses[step]),
        );
        problem ??= found.error ?? (off ? `wrong losses ${found.losses}, expected ${expected.losses}` : undefined);
      }
    }
    if (problem === undefined) agreeing.push(peer);
    else process.stderr.write(`without ${peer.name}: ${problem}\n`);
  }
  return agreeing;
}

/** Lets engines and compilers settle: every case once, unmeasured. */
async function warmUp() {
  for (const request of cases) for (const peer of present) await peer.ask({ ...request, milliseconds });
}

async function measureRates() {
  const ask = async (peer, task) => (await quietly(1, () => peer.ask({ task, milliseconds }))).gigaflops;
  rates.fedtempo.push(await ask(peers[0], 'product'));
  const numpy = present.find(({ name }) => name === 'numpy');
  if (numpy === undefined) return;
  rates.sgemm.push(await ask(numpy, 'sgemm'));
  rates.product.push(await ask(numpy, 'product'));
}
