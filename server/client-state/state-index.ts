/**
 * Which slot holds the state of which client, for one generation: `u32 p | u32 clients | clients × (u32 client | u32 slot |
 * 32 bytes SHA-256 of the slot)`, little-endian. A checkpoint names a generation and the SHA-256 of its index.
 */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { writeDurably } from '../store/durable.js';
import type { Slot } from './slot-file.js';

export interface StoredState extends Slot {
  readonly client: number;
}

const HEADER_BYTES = 8;
const ENTRY_BYTES = 40;

/** A generation as a checkpoint names it: `3:<sha256 of the index>`. */
export interface Generation {
  readonly number: number;
  readonly digest: string;
}

export function generationText({ number, digest }: Generation): string {
  return `${number}:${digest}`;
}

/** @throws FedtempoError CHECKPOINT_INVALID */
export function parseGeneration(text: string): Generation {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null) throw damaged('clientState of the checkpoint', text, 'a generation and a digest');
  return { number: Number(match[1]), digest: match[2] };
}

/** Writes the index of a generation; it is on disk when this returns. */
export function writeIndex(
  directory: string,
  number: number,
  parameters: number,
  states: readonly StoredState[],
): Generation {
  const bytes = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * states.length);
  bytes.writeUInt32LE(parameters, 0);
  bytes.writeUInt32LE(states.length, 4);
  states.forEach(({ client, slot, digest }, index) => {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    bytes.writeUInt32LE(client, at);
    bytes.writeUInt32LE(slot, at + 4);
    digest.copy(bytes, at + 8);
  });
  writeDurably(indexFile(directory, number), bytes);
  return { number, digest: digestOf(bytes) };
}

/** @throws FedtempoError CHECKPOINT_INVALID if it is not there, or not the one of its digest */
export function readIndex(directory: string, { number, digest }: Generation, parameters: number): StoredState[] {
  const file = indexFile(directory, number);
  const bytes = readBytes(file);
  if (digestOf(bytes) !== digest) throw damaged(file, 'bytes of another digest', `the index of generation ${number}`);
  if (bytes.readUInt32LE(0) !== parameters) {
    throw damaged(file, `states of ${bytes.readUInt32LE(0)} values`, `${parameters}, the parameters of the model`);
  }
  return Array.from({ length: bytes.readUInt32LE(4) }, (_, index) => {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    const digestBytes = bytes.subarray(at + 8, at + ENTRY_BYTES);
    return { client: bytes.readUInt32LE(at), slot: bytes.readUInt32LE(at + 4), digest: digestBytes };
  });
}

/** The slots of a generation of which no digest is known; none if its index is not there or not whole. */
export function slotsOf(directory: string, number: number): number[] {
  try {
    const bytes = readFileSync(indexFile(directory, number));
    const count = bytes.readUInt32LE(4);
    if (bytes.length !== HEADER_BYTES + ENTRY_BYTES * count) return [];
    return Array.from({ length: count }, (_, index) => bytes.readUInt32LE(HEADER_BYTES + ENTRY_BYTES * index + 4));
  } catch {
    return [];
  }
}

export function removeIndex(directory: string, number: number): void {
  rmSync(indexFile(directory, number), { force: true });
}

export function damaged(where: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('CHECKPOINT_INVALID', 'the stored client states are damaged', { where, found, expected });
}

function indexFile(directory: string, number: number): string {
  return join(directory, `client-states.${number}.index`);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw damaged(file, messageOf(error), 'the index that the checkpoint names');
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
