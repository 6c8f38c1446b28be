/** Client states in a plain map, for tests of those who borrow them: what the store is compared with. */
import type { RoundStates } from 'fedtempo/server/client-state/round-states.js';

export class PlainStates implements RoundStates {
  readonly current = new Map<number, Float32Array>();
  readonly lent = new Map<number, { readonly before: Float32Array | undefined; readonly after: Float32Array }>();
  readonly #staged = new Map<number, Float32Array>();

  constructor(
    readonly length: number,
    readonly room = 1000,
  ) {}

  lend(client: number) {
    if (this.lent.has(client)) throw new Error(`client ${client} is lent already`);
    const known = this.current.get(client);
    // Pools hand states to threads in shared memory.
    const before = known && shared(this.length, known);
    const loan = { before, after: shared(this.length) };
    this.lent.set(client, loan);
    return loan;
  }

  settle(client: number, counted: boolean): void {
    const loan = this.lent.get(client);
    if (loan === undefined) throw new Error(`client ${client} is not lent`);
    this.lent.delete(client);
    if (counted) this.#staged.set(client, loan.after.slice());
  }

  commit(counted: boolean): void {
    if (counted) for (const [client, state] of this.#staged) this.current.set(client, state);
    this.#staged.clear();
  }
}

function shared(length: number, values?: Float32Array): Float32Array {
  const array = new Float32Array(new SharedArrayBuffer(4 * length));
  if (values !== undefined) array.set(values);
  return array;
}
