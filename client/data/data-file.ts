/**
 * One data file's bytes, plain or gzip, within a limit.
 *
 * Whether a file is compressed is read from its content: browsers unpack `.gz` downloads and keep the name. An IDX file
 * begins with 0x00 and gzip with 0x1f 0x8b (RFC 1952), so the two cannot be confused.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { sharedCopy } from './shared-copy.js';

const inflate = promisify(gunzip);

/** The largest data file, packed and unpacked: 1 GiB. The largest of MNIST's family, EMNIST by class, has 547 MB. */
export const MAX_FILE_BYTES = 2 ** 30;

/**
 * Reads and, where needed, unpacks a file, into memory that threads share.
 *
 * @throws FedtempoError DATASET_MISSING for a file that cannot be read, DATASET_INVALID for one that is larger than
 *   `maxBytes` or whose gzip stream is corrupt
 */
export async function readDataFile(path: string, maxBytes = MAX_FILE_BYTES): Promise<Uint8Array> {
  const bytes = await readBounded(path, maxBytes);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return sharedCopy(await inflate(bytes, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path, 'more once unpacked', maxBytes, error);
    const details = {
      where: path,
      found: messageOf(error),
      expected: 'a whole gzip stream',
      fix: 'fetch the file again from its publisher; this copy is damaged or cut short',
    };
    throw new FedtempoError('DATASET_INVALID', 'the gzip file is corrupt', details, error);
  }
}

async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw tooLarge(path, `${size} bytes`, maxBytes);
      return await readWhole(file, size);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof FedtempoError) throw error;
    const details = {
      where: path,
      found: messageOf(error),
      expected: 'a readable file',
      fix: 'make the file readable',
    };
    throw new FedtempoError('DATASET_MISSING', 'the data file cannot be read', details, error);
  }
}

/** In one piece: smaller ones cost more than the reading. */
async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}

function tooLarge(path: string, found: string, maxBytes: number, cause?: unknown): FedtempoError {
  const details = {
    where: path,
    found,
    expected: `at most ${maxBytes} bytes`,
    fix: 'use a smaller dataset: all of it is held in memory',
  };
  return new FedtempoError('DATASET_INVALID', 'the data file is too large', details, cause);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
