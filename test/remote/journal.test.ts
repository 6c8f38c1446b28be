import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropJournals, Journal, type Opening, readJournals, type Sent } from 'fedtempo/server/remote/journal.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

const opening: Opening = {
  run: 'digits',
  round: 4,
  attempt: 1,
  nonce: 'n-4-1',
  selected: [2, 5, 9],
  cohort: [2, 5, 9],
  sizes: [30, 7, 12],
  quota: 2,
  openedAt: { boot: 'one', ms: 1234.5 },
  deadlineMs: 60_000,
};

function sent(client: number): Sent {
  const used = { learningRateFirst: 0.1, learningRateLast: 0.05, batchSize: 8, steps: 3, truncatedBatches: 0 };
  return {
    round: 4,
    client,
    examples: 30,
    metrics: { loss: Number.NaN, accuracy: 0.5, examplesUsed: 24 },
    used,
    trainMs: 1.25,
  };
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.of(...values).buffer);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const fileOf = (folder: string) => join(folder, readdirSync(folder)[0]);
const write = (journal: Journal, client: number, ...values: number[]) =>
  journal.append(sent(client), sha256(floats(...values)), floats(...values));

/** A journal of an opening, two updates and its end, with the places where its records end. */
function whole() {
  const folder = temporaryFolder();
  const journal = Journal.begin(folder, opening);
  const size = () => readFileSync(fileOf(folder)).length;
  const ends = [size()];
  write(journal, 2, 1, -2.5, 3);
  journal.sync();
  ends.push(size());
  write(journal, 5, 0.25, 8, Number.POSITIVE_INFINITY);
  ends.push(size());
  journal.end('quota');
  ends.push(size());
  journal.close();
  return { folder, file: fileOf(folder), ends, bytes: readFileSync(fileOf(folder)) };
}

/** The bytes with one bit of a byte another, each time another one. */
function flipped(bytes: Buffer, byte: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[byte] ^= 1 << (byte % 8);
  return damaged;
}

function refusal(action: () => unknown): FedtempoError | undefined {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FedtempoError);
    return error as FedtempoError;
  }
  return undefined;
}

describe('a journal', () => {
  test('gives back what the round is, every update to the bit, and why it was closed', () => {
    const { folder } = whole();
    expect(readJournals(folder)).toEqual([
      {
        opening,
        updates: [
          { sent: sent(2), digest: sha256(floats(1, -2.5, 3)), tensor: Float32Array.of(1, -2.5, 3) },
          { sent: sent(5), digest: sha256(floats(0.25, 8, 1 / 0)), tensor: Float32Array.of(0.25, 8, 1 / 0) },
        ],
        closing: 'quota',
      },
    ]);
  });

  test('cut at any byte holds the records that are wholly there, and can be gone on with', () => {
    const { folder, file, ends, bytes } = whole();
    for (let cut = 0; cut <= bytes.length; cut++) {
      writeFileSync(file, bytes.subarray(0, cut));
      const there = ends.filter((end) => end <= cut).length;
      const [content] = readJournals(folder);
      if (there === 0) {
        expect(content, `cut at ${cut}`).toBeUndefined();
        continue;
      }
      const clients = content.updates.map((update) => update.sent.client);
      expect(clients, `cut at ${cut}`).toEqual([2, 5].slice(0, there - 1));
      expect(content.closing, `cut at ${cut}`).toBe(there === 4 ? 'quota' : undefined);
      // Going on is a matter of disks: at every 9th byte, and around the ends of records.
      const near = cut % 9 === 0 || ends.some((end) => Math.abs(cut - end) <= 1);
      if (there === 4 || !near) continue;

      const journal = Journal.resume(folder, content);
      write(journal, 9, 7);
      journal.end('deadline');
      journal.close();
      const [gone] = readJournals(folder);
      expect(
        gone.updates.map((update) => update.sent.client),
        `cut at ${cut}`,
      ).toEqual([...clients, 9]);
      expect(gone.updates.at(-1)?.tensor).toEqual(Float32Array.of(7));
      expect(gone.closing).toBe('deadline');
    }
  });

  test('is refused for a bit that is another anywhere before the last record, or in its lengths', () => {
    const { folder, file, ends, bytes } = whole();
    for (let byte = 0; byte < ends[2] + 12; byte++) {
      writeFileSync(file, flipped(bytes, byte));
      const refused = refusal(() => readJournals(folder));
      expect(refused?.code, `byte ${byte}, records end at ${ends}`).toBe('JOURNAL_INVALID');
      expect(refused?.details.where).toBe(file);
    }
  });

  test('that has any other bit in its last record, behind the lengths, lacks that record alone', () => {
    const { folder, file, ends, bytes } = whole();
    for (let byte = ends[2] + 12; byte < ends[3]; byte++) {
      writeFileSync(file, flipped(bytes, byte));
      const [{ updates, closing }] = readJournals(folder);
      expect([updates.length, closing], `byte ${byte}`).toEqual([2, undefined]);
    }
  });

  test('that ends in zeros, as after a power cut, ends before them', () => {
    const { folder, file, ends, bytes } = whole();
    writeFileSync(file, Buffer.concat([bytes.subarray(0, ends[1]), Buffer.alloc(4096)]));
    const [{ updates, closing }] = readJournals(folder);
    expect([updates.length, closing]).toEqual([1, undefined]);
  });

  test('whose last record came without one of its sectors ends before it', () => {
    const { folder, file, ends, bytes } = whole();
    for (let sector = 512 * Math.ceil(ends[1] / 512) - 512; sector < ends[2]; sector += 512) {
      const torn = Buffer.from(bytes.subarray(0, ends[2]));
      torn.fill(0, Math.max(sector, ends[1]), Math.min(sector + 512, ends[2]));
      writeFileSync(file, torn);
      const [{ updates, closing }] = readJournals(folder);
      expect([updates.length, closing], `sector at ${sector}, records end at ${ends}`).toEqual([1, undefined]);
    }
  });
});

describe('the journals of a folder', () => {
  /** Round 3 with attempts 0 and 1, the first abandoned, and round 10, begun. */
  function several() {
    const folder = temporaryFolder();
    for (const [round, attempt, closing] of [
      [10, 0, undefined],
      [3, 1, 'complete'],
      [3, 0, 'lost'],
    ] as const) {
      const journal = Journal.begin(folder, { ...opening, round, attempt });
      if (closing !== undefined) journal.end(closing);
      journal.close();
    }
    writeFileSync(join(folder, 'notes.txt'), 'kept');
    return folder;
  }
  const named = (folder: string) =>
    readJournals(folder).map(({ opening: { round, attempt }, closing }) => [round, attempt, closing]);

  test('come by round, then by attempt, closed or not', () => {
    expect(named(several())).toEqual([
      [3, 0, 'lost'],
      [3, 1, 'complete'],
      [10, 0, undefined],
    ]);
  });

  test('are dropped before a round and before an attempt at it, and nothing else of the folder is', () => {
    const folder = several();
    dropJournals(folder, 3);
    expect(named(folder)).toHaveLength(3);
    dropJournals(folder, 3, 1);
    expect(named(folder)).toEqual([
      [3, 1, 'complete'],
      [10, 0, undefined],
    ]);
    dropJournals(folder, 10);
    expect(named(folder)).toEqual([[10, 0, undefined]]);
    expect(readdirSync(folder)).toContain('notes.txt');
  });

  test('are none where the folder is not there', () => {
    expect(readJournals(join(temporaryFolder(), 'none'))).toEqual([]);
    dropJournals(join(temporaryFolder(), 'none'), 5);
  });
});
