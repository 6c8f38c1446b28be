/**
 * Served runs of real processes: a coordinator that is ended and started again by the same command, clients that go on, and
 * what must hold of the run in the end. Plain JavaScript: the long runs in test/soak use it as the tests do.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJournals } from 'fedtempo/server/remote/journal.js';
import { CheckpointFiles } from 'fedtempo/server/store/checkpoint-files.js';

const commandFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Clients of the population, and of a cohort. */
export const CLIENTS = 5;
export const COHORT = 4;

/** Rounds small enough to be killed in by the hundred; a client that is away is waited for, so that all cohorts are whole. */
const scenarioOf = (rounds, serve) => `
schemaVersion: 1
name: served
seed: 21
data: { dataset: digits, partition: { kind: shards, clients: ${CLIENTS} } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation: { rounds: ${rounds}, cohort: { size: ${COHORT} }, minimumReplies: ${COHORT}, localSteps: 5 }
schedules:
  learningRate: { kind: linear, start: 0.1, end: 0.01 }
  batchSize: 8
  serverMomentum: 0.5
serve: { quorum: ${CLIENTS}, lostAfterSeconds: 60, deadlineSeconds: 120${serve} }
`;

/** One run, its processes, and what its clients were told. */
export class ServedRun {
  /** Of the run; not there until it is served. */
  directory;
  /** What the clients said, in order. */
  events = [];
  #folder;
  #file;
  #port;
  #children = new Set();
  #listeners = [];

  static async create(folder, { rounds, serve = '', directory = join(folder, 'run') }) {
    const run = new ServedRun();
    run.#folder = folder;
    run.#file = join(folder, 'served.yaml');
    run.directory = directory;
    run.#port = await freePort();
    writeFileSync(run.#file, scenarioOf(rounds, serve));
    return run;
  }

  /** Starts the coordinator: always the same command, but for its environment. */
  serve(environment = {}, options = []) {
    const { directory } = this;
    const place = ['--port', String(this.#port), '--run', directory, '--return-after', '0'];
    return this.start(['serve', this.#file, ...place, '--quiet', '--json', ...options], environment);
  }

  /** Starts clients in one process; all of them if not told otherwise. */
  join({ first = 0, clients = CLIENTS, environment = {} } = {}) {
    const identity = join(this.#folder, `identity-${first}`);
    const who = ['--simulate-shard', String(first), '--clients', String(clients), '--identity', identity];
    const joined = this.start(['join', `ws://127.0.0.1:${this.#port}`, ...who, '--quiet', '--json'], environment);
    let rest = '';
    joined.child.stdout.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.events.push({ ...JSON.parse(line), first, at: performance.now() });
      for (const look of this.#listeners) look();
    });
    return joined;
  }

  /** Digest of every round of the same scenario, run inline by nobody disturbed; and the last. */
  async undisturbed() {
    const out = join(this.#folder, 'inline');
    const { code, stdout, stderr } = await this.start([
      'run',
      this.#file,
      '--pool',
      'inline',
      '--out',
      out,
      '--json',
      '--quiet',
    ]).ended;
    if (code !== 0) throw new Error(stderr);
    const { digest, directory } = JSON.parse(stdout);
    return { digest, rounds: linesOf(join(directory, 'rounds.jsonl')).map((record) => record.digest) };
  }

  start(args, environment = {}) {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [commandFile, ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let [stdout, stderr] = ['', ''];
    const watchers = new Set();
    const hear = (text) => {
      for (const watch of watchers) watch(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      hear();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      hear();
    });
    const ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#children.delete(child);
        resolve({ code, signal, stdout, stderr, ms: performance.now() - startedAt });
      });
    });
    /** Resolves once `holds` of the output; rejects if the process ends before. @returns milliseconds since its start */
    const until = (holds) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          if (!holds({ stdout, stderr })) return;
          watchers.delete(watch);
          resolve(performance.now() - startedAt);
        };
        watchers.add(watch);
        watch();
        void ended.then(() => reject(new Error(`it ended before:\n${stderr}`)));
      });
    const listening = until((output) => output.stderr.includes('listening on'));
    listening.catch(() => {});
    return { child, ended, until, listening, startedAt };
  }

  /** Resolves when so many answers have come since a coordinator was started, or when that has ended. */
  answersSince({ startedAt, ended }, count) {
    const answered = () => this.events.filter(({ type, at }) => type === 'answered' && at > startedAt).length;
    return new Promise((resolve) => {
      const look = () => {
        if (answered() >= count) resolve();
      };
      this.#listeners.push(look);
      look();
      void ended.then(resolve);
    });
  }

  /** Resolves once a client has said something that `holds` of, from now on. */
  told(holds) {
    let seen = this.events.length;
    return new Promise((resolve) => {
      this.#listeners.push(() => {
        for (; seen < this.events.length; seen++) if (holds(this.events[seen])) resolve(this.events[seen]);
      });
    });
  }

  /** When a coordinator that has ended was listening, and when its first client had joined, if ever: milliseconds from its start. */
  async timesOf({ startedAt, listening }) {
    const listeningMs = await listening.catch(() => undefined);
    const first = this.events.find(({ type, at }) => type === 'joined' && at > startedAt);
    return { listeningMs, joinedMs: first && first.at - startedAt };
  }

  /** Ends every process that is left. */
  stop() {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  /**
   * What clients were told is counted but the disk does not hold, as `round/client`: in a journal, or, of rounds that the
   * checkpoint holds, in the records. While no coordinator runs.
   */
  notDurable() {
    const [checkpoint] = new CheckpointFiles(this.directory, false).whole();
    const done = checkpoint?.rounds ?? 0;
    const held = new Set(
      done === 0
        ? []
        : countedIn(this.directory)
            .filter(({ round }) => round < done)
            .map(keyOf),
    );
    for (const { opening, updates } of readJournals(join(this.directory, 'journal'))) {
      for (const { sent } of updates) held.add(keyOf({ round: opening.round, client: sent.client }));
    }
    return this.accepted().filter((key) => !held.has(key));
  }

  /** What clients were told is counted, as `round/client`, as often as they were told. */
  accepted() {
    return this.events.filter(({ type, answer }) => type === 'answered' && answer === 'ACCEPTED').map(keyOf);
  }

  /**
   * What is wrong with a run that has ended: nothing, if each client of each cohort is counted once, whatever was
   * acknowledged is counted and was acknowledged once, no client was blamed for anything, and every round has the weights of the undisturbed one.
   */
  wrongs({ digest, rounds: digests }, summary) {
    const wrongs = [];
    const rounds = linesOf(join(this.directory, 'rounds.jsonl'));
    if (summary.digest !== digest) wrongs.push(`digest ${summary.digest}, not ${digest}`);
    const differs = digests.findIndex((one, round) => rounds[round]?.digest !== one || rounds[round].round !== round);
    if (differs >= 0 || rounds.length !== digests.length) wrongs.push(`round ${differs} of ${rounds.length} differs`);
    const counted = countedIn(this.directory).map(keyOf);
    const wanted = rounds.flatMap(({ round, cohort }) => cohort.map((client) => keyOf({ round, client })));
    for (const key of wanted) if (counted.indexOf(key) < 0) wrongs.push(`${key} is not counted`);
    for (const key of twice(counted)) wrongs.push(`${key} is counted twice`);
    if (counted.length !== wanted.length) wrongs.push(`${counted.length} updates of ${wanted.length}`);
    const accepted = this.accepted();
    // An update that is lost is asked for again, and accepted again.
    for (const key of twice(accepted)) wrongs.push(`${key} was acknowledged, lost, and asked for again`);
    for (const key of accepted) if (!counted.includes(key)) wrongs.push(`${key} was acknowledged and is not counted`);
    // MALFORMED, UNEXPECTED_MESSAGE, BAD_SIGNATURE, TOO_MANY_MESSAGES, NO_CREDIT: an honest client is never told these.
    const blamed = this.events.filter(({ type, reason }) => type === 'away' && /\(40(02|04|11|12|14)\)$/.test(reason));
    for (const { reason } of blamed) wrongs.push(`a client was closed: ${reason}`);
    return wrongs;
  }
}

const keyOf = ({ round, client }) => `${round}/${client}`;

const twice = (keys) => keys.filter((key, index) => keys.indexOf(key) !== index);

const countedIn = (directory) => linesOf(join(directory, 'clients.jsonl')).filter(({ kind }) => kind === 'update');

/** The records of a JSON-lines file; of a torn last line, none. */
function linesOf(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A port that nobody listens on now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
