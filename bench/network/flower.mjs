/** The same fan-in through Flower: its gRPC server with FedAvg, and clients that answer with an update made beforehand. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { median, sleep } from './statistics.mjs';

const here = fileURLToPath(new URL('flower', import.meta.url));
const python = join(here, '.venv/bin/python');
const env = { ...process.env, FLWR_TELEMETRY_ENABLED: '0' };

/** Makes the environment if it is not there. FEDTEMPO_PYTHON names the interpreter, python3 otherwise. */
export function installFlower() {
  if (existsSync(python)) return;
  const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 2, 2] });
  run(process.env.FEDTEMPO_PYTHON ?? 'python3', '-m', 'venv', join(here, '.venv'));
  run(python, '-m', 'pip', 'install', '--quiet', '-r', join(here, 'requirements.txt'));
}

/** @param options `clients` of all rounds, in `generators` processes with a thread each */
export async function flower({ clients, rounds, generators = 4, port = 9393 }) {
  const address = `127.0.0.1:${port}`;
  const server = spawn(python, [join(here, 'server.py'), address, String(clients), String(rounds)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, told] = ['', ''];
  server.stdout.on('data', (data) => {
    output += data;
  });
  server.stderr.on('data', (data) => {
    told = (told + data).slice(-4000);
  });
  let largest = 0;
  const watch = setInterval(() => {
    largest = Math.max(largest, residentBytes(server.pid));
  }, 200);
  const ended = new Promise((resolve) => server.once('close', resolve));
  await sleep(3000);
  const crowd = Array.from({ length: generators }, () =>
    spawn(python, [join(here, 'clients.py'), address, String(clients / generators)], { env, stdio: 'ignore' }),
  );
  const code = await ended;
  clearInterval(watch);
  for (const one of crowd) one.kill('SIGKILL');
  if (code !== 0) throw new Error(`Flower's server ended with ${code}: ${told}`);
  const { version, times, residentBefore, residentConnected } = JSON.parse(output.trim().split('\n').at(-1));
  const measured = times.slice(1);
  return {
    version,
    clients,
    rounds: measured.length,
    // From the first client asked to the last mean made, all rounds but the first; and of each round without the mean.
    updatesPerSecond: (clients * measured.length) / (measured.at(-1)[2] - measured[0][0]),
    roundTripPerSecond: median(measured.map(([asked, replied]) => clients / (replied - asked))),
    aggregateMsPerUpdate: median(measured.map(([, replied, meant]) => (1000 * (meant - replied)) / clients)),
    connectedKB: (residentConnected - residentBefore) / 1024 / clients,
    largestMB: largest / 2 ** 20,
  };
}

function residentBytes(pid) {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return 1024 * Number(kilobytes);
  } catch {
    return 0;
  }
}
