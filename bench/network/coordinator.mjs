/** A real `fedtempo serve` in a process of its own, as the benches start it, look at it, kill it and start it again. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Limits that keep one machine from playing many, and none of those that protect the coordinator's memory. */
const limits = ['connectionsPerAddress=20000', 'pendingHandshakes=20000'];

/** A scenario whose clients bring data of their own, of MNIST's shape. It is never trained. */
export function scenarioOf({ clients, cohort, rounds, hidden }) {
  return {
    schemaVersion: 1,
    name: 'network',
    data: {
      dataset: 'own',
      features: 784,
      classes: 10,
      examples: 60 * clients,
      partition: { kind: 'own', clients },
    },
    model: { kind: 'mlp', hidden },
    federation: { rounds, cohort: { size: cohort }, localEpochs: 1 },
    schedules: { learningRate: 0.1, batchSize: 10 },
    serve: { quorum: cohort, deadlineSeconds: 300, lostAfterSeconds: 60 },
  };
}

export class Coordinator {
  /** Where runs, journals and certificates lie: on a disk, not in memory. */
  folder = mkdtempSync(join(process.env.FEDTEMPO_BENCH_FOLDER ?? tmpdir(), 'fedtempo-network-'));
  url;
  #child;
  #arguments;
  #nodeArguments;
  #port = 0;

  constructor(scenario, { tls = false, node = [] } = {}) {
    const file = join(this.folder, 'scenario.json');
    writeFileSync(file, JSON.stringify(scenario));
    const certificates = join(this.folder, 'certs');
    this.ca = tls ? join(certificates, 'ca.pem') : undefined;
    this.#arguments = ['serve', file, '--run', join(this.folder, 'run'), '--quiet', '--json'];
    for (const limit of limits) this.#arguments.push('--limit', limit);
    if (tls) {
      this.#arguments.push('--tls-cert', join(certificates, 'server.pem'));
      this.#arguments.push('--tls-key', join(certificates, 'server-key.pem'));
    }
    this.#nodeArguments = node;
  }

  /** Resolves when clients can join, with the milliseconds that took. */
  async start() {
    const began = performance.now();
    if (this.ca !== undefined && this.url === undefined) await this.#makeCertificates();
    const args = [...this.#nodeArguments, command, ...this.#arguments, '--port', String(this.#port)];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    let output = '';
    this.#child.stdout.on('data', (data) => {
      output += data;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve(output.trim() === '' ? undefined : JSON.parse(output)));
    });
    return await new Promise((resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`the coordinator ended with ${code}: ${told.slice(-2000)}`)));
      this.#child.stderr.on('data', (data) => {
        told = (told + data).slice(-10_000);
        const [, url, port] = /listening on (\S+:(\d+))/.exec(told) ?? [];
        if (url === undefined) return;
        this.url = url;
        this.#port = Number(port);
        resolve(performance.now() - began);
      });
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resident bytes. */
  residentBytes() {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return 1024 * Number(kilobytes);
  }

  /** CPU seconds of all its threads so far. */
  cpuSeconds() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Ready clients, as the coordinator counts them. Only without TLS. */
  async readyClients() {
    const text = await (await fetch(`${this.url.replace('ws', 'http')}/metrics`)).text();
    return Number(/^fedtempo_clients_connected (\d+)/m.exec(text)?.[1] ?? Number.NaN);
  }

  /** Records of the rounds so far. */
  rounds() {
    const lines = readFileSync(join(this.folder, 'run/rounds.jsonl'), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  }

  async stop(signal = 'SIGKILL') {
    this.#child.kill(signal);
    await this.ended;
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #makeCertificates() {
    const out = join(this.folder, 'certs');
    const made = spawn(process.execPath, [command, 'certs', '--host', '127.0.0.1', '--out', out], { stdio: 'ignore' });
    const code = await new Promise((resolve) => made.once('close', resolve));
    if (code !== 0) throw new Error(`fedtempo certs ended with ${code}`);
  }
}
