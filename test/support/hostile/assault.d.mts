import type { Stand } from './stand.mjs';

export class Assault {
  constructor(stand: Stand);
  readonly sockets: number;
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly wrongs: readonly string[];
  run(count: number, perSecond: number): Promise<{ until: number; rate: number }>;
}
