/** Generator processes as one: how many clients are there, and rounds that are done in all of them. */
import { fork } from 'node:child_process';
import { fileURLToPath, URL } from 'node:url';

const program = fileURLToPath(new URL('generator.mjs', import.meta.url));

export class Generators {
  /** When each client became ready, on the machine's clock in milliseconds; one a connection. */
  readyAt = [];
  lost = [];
  /** What was said when a connection ended or failed, with how often. */
  away = new Map();
  onHolding = () => {};
  onDone = () => {};
  #children;
  #waiting = [];
  #holding = new Map();
  #done = new Map();

  constructor(count, options) {
    this.#children = Array.from({ length: count }, () => {
      const child = fork(program, [JSON.stringify(options)]);
      child.on('message', (message) => this.#handle(message));
      child.on('exit', (code) => {
        if (code) process.stderr.write(`a generator ended with ${code}\n`);
      });
      return child;
    });
  }

  /** Resolves when so many connections have become ready since the beginning. */
  ready(connections) {
    return new Promise((resolve) => {
      this.#waiting.push({ connections, resolve });
      this.#look();
    });
  }

  go(round) {
    for (const child of this.#children) child.send({ type: 'go', round });
  }

  async stop() {
    await Promise.all(
      this.#children.map((child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return ended;
      }),
    );
  }

  #handle(message) {
    const { type, round } = message;
    if (type === 'ready') this.readyAt.push(message.at);
    else if (type === 'lost') this.lost.push(message.why);
    else if (type === 'away') this.away.set(message.why, (this.away.get(message.why) ?? 0) + 1);
    else if (type === 'holding') this.#gather(this.#holding, round, message, (all) => this.onHolding(round, all));
    else if (type === 'done') this.#gather(this.#done, round, message, (all) => this.onDone(round, all));
    this.#look();
  }

  #gather(table, round, message, complete) {
    const all = [...(table.get(round) ?? []), message];
    table.set(round, all);
    if (all.length === this.#children.length) complete(all);
  }

  #look() {
    this.#waiting = this.#waiting.filter(({ connections, resolve }) => {
      if (this.readyAt.length < connections) return true;
      resolve();
      return false;
    });
  }
}
