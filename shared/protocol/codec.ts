/**
 * Frames: `u32 header length (little-endian) | msgpack header | zeros to a multiple of 8 | tensor bytes`.
 *
 * The header is a small message; the tensor is raw little-endian float32, copied once and never parsed. The length of
 * the header is checked before anything is decoded, and its value is parsed by a schema into a fresh object.
 */
import { Packr } from 'msgpackr';
import type { z } from 'zod';
import { FedtempoError, messageOf } from '../errors.js';
import { checkHeader } from './header-check.js';
import { limits } from './limits.js';

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });

export interface Frame<Message> {
  readonly message: Message;
  /** The tensor's bytes, a view of the frame; empty if there is none. */
  readonly tensor: Uint8Array;
}

/**
 * Encodes a message and, if it carries one, its tensor.
 *
 * @param parts of the tensor, one after the other; what is undefined is left out
 * @throws RangeError if the header is over the limit
 */
export function encodeFrame(message: object, ...parts: (Float32Array | undefined)[]): Uint8Array {
  const header = packr.pack(message);
  if (header.length > limits.headerBytes) {
    throw new RangeError(`a header of ${header.length} bytes is over the limit of ${limits.headerBytes}`);
  }
  let at = tensorOffset(header.length);
  const frame = new Uint8Array(parts.reduce((bytes, part) => bytes + (part?.byteLength ?? 0), at));
  new DataView(frame.buffer).setUint32(0, header.length, true);
  frame.set(header, 4);
  for (const part of parts) {
    if (part === undefined) continue;
    frame.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return frame;
}

/**
 * Decodes a frame from the network.
 *
 * @throws FedtempoError PROTOCOL_MALFORMED for anything but a frame whose header `schema` accepts
 */
export function decodeFrame<Schema extends z.ZodType>(frame: Uint8Array, schema: Schema): Frame<z.output<Schema>> {
  const length = headerLengthOf(frame);
  const header = frame.subarray(4, 4 + length);
  checkHeader(header, limits.headerDepth);
  const parsed = schema.safeParse(unpack(header));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`${issue.path.join('.') || 'header'}: ${issue.message}`, 'a message of the protocol');
  }
  return { message: parsed.data, tensor: frame.subarray(tensorOffset(length)) };
}

/**
 * The tensor as float32 [p], copied into memory of its own so that it is aligned and outlives the frame.
 *
 * @throws FedtempoError PROTOCOL_MALFORMED if the bytes are not whole float32 values
 */
export function tensorOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw malformed(`a tensor of ${bytes.length} bytes`, 'a multiple of 4');
  // Not bytes.slice(): on a Node Buffer that is a view, which may be unaligned.
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** The length that a frame states for its header. @throws FedtempoError PROTOCOL_MALFORMED unless the header is within */
export function headerLengthOf(frame: Uint8Array): number {
  if (frame.length < 4) throw malformed(`${frame.length} bytes`, 'at least 4');
  const length = new DataView(frame.buffer, frame.byteOffset, 4).getUint32(0, true);
  if (length === 0 || length > limits.headerBytes)
    throw malformed(`a header of ${length} bytes`, `1 to ${limits.headerBytes}`);
  if (tensorOffset(length) > frame.length) {
    throw malformed(`a header of ${length} bytes in a frame of ${frame.length}`, 'a header within the frame');
  }
  return length;
}

/** Where a frame's tensor begins. */
export function tensorOffset(headerLength: number): number {
  return Math.ceil((4 + headerLength) / 8) * 8;
}

function unpack(header: Uint8Array): unknown {
  try {
    return packr.unpack(header);
  } catch (error) {
    throw malformed(messageOf(error), 'a msgpack value');
  }
}

function malformed(found: string, expected: string): FedtempoError {
  return new FedtempoError('PROTOCOL_MALFORMED', 'a frame is not well formed', { found, expected });
}
