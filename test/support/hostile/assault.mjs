/**
 * Drives the attacks: so many sockets at such a rate, each attack in its turn. A hostile key attacks one at a time, since a
 * second connection of it would take the place of the first.
 */
import { frameMutator } from '../mutate-frame.mjs';
import { inside, outside } from './attacks.mjs';

const all = Object.entries({ ...outside, ...inside });

export class Assault {
  sockets = 0;
  /** By attack and outcome. */
  outcomes = {};
  /** Outcomes that no unharmed coordinator would give. */
  wrongs = [];
  #stand;
  #mutated = frameMutator(17);
  #free;
  #waiting = [];
  #seen = new Map();
  #turn = 0;
  #state = 99;

  constructor(stand) {
    this.#stand = stand;
    this.#free = [...stand.hostile];
  }

  /** Makes `count` sockets, at most `perSecond`, and waits until the last has ended. @returns when the last began, and how many a second did until then */
  async run(count, perSecond) {
    const began = performance.now();
    const underWay = [];
    for (let made = 0; made < count; made++) {
      const wait = (made * 1000) / perSecond - (performance.now() - began);
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      const [name, attack] = all[this.#turn++ % all.length];
      const identity = name in inside ? await this.#key() : this.#stand.hostile[0];
      underWay.push(
        this.#attack(name, attack, identity).finally(() => {
          if (name in inside) this.#giveBack(identity);
        }),
      );
      if (this.#stand.serverEnd !== undefined) break;
    }
    const result = { until: Date.now(), rate: underWay.length / ((performance.now() - began) / 1000) };
    await Promise.all(underWay);
    return result;
  }

  async #attack(name, { expect, run }, identity) {
    const { port, stranger } = this.#stand;
    if (!this.#seen.has(identity)) this.#seen.set(identity, {});
    const seen = this.#seen.get(identity);
    const scene = { port, stranger, identity, seen, below: (n) => this.#below(n), mutated: this.#mutated };
    this.sockets += 1;
    try {
      const { raw, outcome } = await run(scene);
      raw.destroy();
      this.#note(name, outcome);
      if (!expect.includes(outcome)) this.wrongs.push(`${name}: ${outcome}`);
    } catch (error) {
      this.#note(name, 'error');
      this.wrongs.push(`${name}: ${error.message}`);
    }
  }

  #note(name, outcome) {
    this.outcomes[name] ??= {};
    this.outcomes[name][outcome] = (this.outcomes[name][outcome] ?? 0) + 1;
  }

  /** A key that does not attack just now. */
  async #key() {
    if (this.#free.length === 0) await new Promise((resolve) => this.#waiting.push(resolve));
    return this.#free.shift();
  }

  #giveBack(identity) {
    this.#free.push(identity);
    this.#waiting.shift()?.();
  }

  /** From 0 to n − 1; the same numbers in every run. */
  #below(n) {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }
}
