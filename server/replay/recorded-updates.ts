/** The counted updates of a run, round by round, read as they are asked for: a long run has more of them than memory. */

import { invalid } from '../store/read-records.js';
import type { ClientRecord } from '../store/records.js';
import { type ClientLine, clientLines, clientsFile, isFailure } from './client-lines.js';

export type UpdateRecord = Extract<ClientRecord, { kind: 'update' }>;

export class RecordedUpdates {
  readonly #directory: string;
  readonly #lines: Generator<ClientLine>;
  #next: ClientLine | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#lines = clientLines(directory, (text) => !isFailure(text));
    this.#advance();
  }

  /**
   * Those of a round, in the order of the lines.
   *
   * @param round the one after that which was asked for before; 0 at first
   * @throws FedtempoError RECORDS_INVALID
   */
  of(round: number): ClientLine[] {
    const lines: ClientLine[] = [];
    for (let line = this.#next; line !== undefined && line.round <= round; line = this.#advance()) {
      if (line.round < round || line.updateDigest === undefined) {
        const found = `client ${line.client} of round ${line.round}`;
        throw invalid(clientsFile(this.#directory), found, `updates with their digests, of round ${round} here`);
      }
      lines.push(line);
    }
    return lines;
  }

  close(): void {
    this.#lines.return(undefined);
  }

  #advance(): ClientLine | undefined {
    const { done, value } = this.#lines.next();
    this.#next = done === true ? undefined : value;
    return this.#next;
  }
}

/** Two accounts of a round's updates that are not the same. */
export interface OtherUpdate {
  readonly client: number;
  /** SHA-256 of its update; undefined if it has none there. */
  readonly recorded: string | undefined;
  readonly replayed: string | undefined;
}

/**
 * The first client of which one account says something else than the other. Both in ascending order of clients; an
 * asynchronous round may have several updates of one.
 */
export function otherUpdate(
  recorded: readonly Pick<ClientLine, 'client' | 'updateDigest'>[],
  replayed: readonly Pick<UpdateRecord, 'client' | 'updateDigest'>[],
): OtherUpdate | undefined {
  for (let at = 0; at < Math.max(recorded.length, replayed.length); at++) {
    const [before, after] = [recorded.at(at), replayed.at(at)];
    if (before?.client === after?.client && before?.updateDigest === after?.updateDigest) continue;
    const client = Math.min(before?.client ?? Number.POSITIVE_INFINITY, after?.client ?? Number.POSITIVE_INFINITY);
    const digestIn = (one: typeof before) => (one?.client === client ? one.updateDigest : undefined);
    return { client, recorded: digestIn(before), replayed: digestIn(after) };
  }
  return undefined;
}
