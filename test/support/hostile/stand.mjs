/** A real coordinator with enrolment, four honest clients that train in processes of their own, and hostile keys on its list. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identityOf, openIdentity } from 'fedtempo/client/identity.js';
import { Enrolment } from 'fedtempo/server/remote/enrolment.js';

export const HONEST = 4;
const command = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** Everybody who is there is asked in every round, and the first four count: nobody waits for those who only came to harm. */
const scenario = (clients, localEpochs, hidden) => `
schemaVersion: 1
name: hostile
seed: 7
data: { dataset: digits, partition: { kind: iid, clients: ${clients} } }
model: { kind: mlp, hidden: [${hidden}], activation: relu }
federation:
  algorithm: { kind: fedavg }
  rounds: 50000
  cohort: { size: ${HONEST} }
  localEpochs: ${localEpochs}
  minimumReplies: ${HONEST}
schedules: { learningRate: 0.01, batchSize: 10 }
serve: { quorum: ${HONEST}, overSelection: ${clients / HONEST} }
`;

export class Stand {
  port = 0;
  /** Lines of the coordinator's log, as objects. */
  log = [];
  /** Events of the honest clients. */
  events = [];
  /** Set when the coordinator has ended: code or signal. */
  serverEnd;
  /** The keys of hostile clients, and one that is not enrolled. */
  hostile = [];
  stranger = newIdentity();
  #folder;
  #server;
  #clients = [];
  #wake = () => {};
  #errors = '';

  /** @param {{ folder: string, hostileKeys: number, localEpochs: number, handshakeMs: number, hidden?: number }} options */
  constructor({ folder, hostileKeys, localEpochs, handshakeMs, hidden = 64 }) {
    this.#folder = folder;
    const file = join(folder, 'scenario.yaml');
    writeFileSync(file, scenario(HONEST + hostileKeys, localEpochs, hidden));
    const enrolment = Enrolment.create(join(folder, 'enrolment'));
    for (let client = 0; client < HONEST; client++) {
      const own = join(folder, `honest-${client}`);
      mkdirSync(own, { mode: 0o700 });
      enrolment.addKey(openIdentity(own).key, { client });
    }
    for (let index = 0; index < hostileKeys; index++) {
      const identity = newIdentity();
      enrolment.addKey(identity.key, { client: HONEST + index });
      this.hostile.push(identity);
    }
    const where = ['--enrolment', join(folder, 'enrolment'), '--run', join(folder, 'run'), '--port', '0'];
    // Rounds are so short here that honest clients, with two messages a round, come near the limit of messages.
    const rest = [
      '--limit',
      'messagesPerSecond=1000',
      '--limit',
      `handshakeMs=${handshakeMs}`,
      '--log-level',
      'info',
      '--quiet',
    ];
    this.#server = this.#start(['serve', file, ...where, ...rest]);
    let cut = '';
    this.#server.stderr.setEncoding('utf8').on('data', (text) => {
      const lines = (cut + text).split('\n');
      cut = lines.pop();
      for (const line of lines) this.#hear(line);
      this.#wake();
    });
    this.#server.once('close', (code, signal) => {
      this.serverEnd = `${code ?? signal}`;
      this.#wake();
    });
  }

  get serverPid() {
    return this.#server.pid;
  }

  /** What the coordinator said beside its log. */
  get said() {
    return this.#errors;
  }

  /** Lets the honest clients in, and waits for their first rounds. */
  async begin(rounds) {
    await this.until(() => this.port > 0);
    for (let client = 0; client < HONEST; client++) {
      const own = ['--identity', join(this.#folder, `honest-${client}`), '--simulate-shard', `${client}`];
      const child = this.#start(['join', `ws://127.0.0.1:${this.port}`, ...own, '--json', '--quiet']);
      let cut = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        const lines = (cut + text).split('\n');
        cut = lines.pop();
        this.events.push(...lines.map((line) => ({ client, ...JSON.parse(line) })));
      });
      this.#clients.push(child);
    }
    await this.until(() => this.rounds.length >= rounds);
  }

  /** Committed rounds, each with its time of commit and its duration in milliseconds. */
  get rounds() {
    return this.log.filter(({ msg }) => msg === 'round committed');
  }

  /** Waits for something that the coordinator's log shows. @throws if it ends first */
  async until(ready) {
    while (!ready()) {
      if (this.serverEnd !== undefined) throw new Error(`the coordinator ended with ${this.serverEnd}: ${this.said}`);
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resident memory of the coordinator, in MB. */
  residentMb() {
    const status = readFileSync(`/proc/${this.serverPid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
  }

  /** Processor time that the coordinator has used, in milliseconds: what it costs, however busy the machine is with other things. */
  processorMs() {
    const [, fields] = readFileSync(`/proc/${this.serverPid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(11, 13);
    // Of clock ticks there are 100 a second on Linux.
    return 10 * (Number(user) + Number(system));
  }

  /** Stops the coordinator as an operator would, and the clients. @returns what the coordinator ended with */
  async stop() {
    this.#server.kill('SIGTERM');
    while (this.serverEnd === undefined) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    for (const child of this.#clients) child.kill('SIGKILL');
    return this.serverEnd;
  }

  kill() {
    for (const child of [this.#server, ...this.#clients]) child.kill('SIGKILL');
  }

  /** What clients.jsonl has of updates that were counted, by client. */
  counted() {
    const counts = new Map();
    for (const line of readFileSync(join(this.#folder, 'run', 'clients.jsonl'), 'utf8').split('\n')) {
      if (line === '') continue;
      const { client, kind } = JSON.parse(line);
      if (kind === 'update') counts.set(client, (counts.get(client) ?? 0) + 1);
    }
    return counts;
  }

  #start(args) {
    return spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #hear(line) {
    const match = /^listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (match) this.port = Number(match[1]);
    else if (line.startsWith('{')) this.log.push(JSON.parse(line));
    else this.#errors = `${this.#errors}${line}\n`.slice(-4000);
  }
}

function newIdentity() {
  return identityOf(generateKeyPairSync('ed25519').privateKey);
}
