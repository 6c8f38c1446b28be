/**
 * Sealed frames: an update from another machine is followed by the 64 bytes of its Ed25519 signature, over the connection,
 * the frame's header as it was sent, and the SHA-256 of its tensor. See statements.ts for the exact text that is signed.
 */
import { headerLengthOf, tensorOffset } from './codec.js';

/** Bytes of an Ed25519 signature. */
export const SEAL_BYTES = 64;

export interface SealedParts {
  /** The length of the header and the header itself, as sent. */
  readonly header: Uint8Array;
  readonly tensor: Uint8Array;
  readonly seal: Uint8Array;
}

/** The parts of a frame without a seal. @throws FedtempoError PROTOCOL_MALFORMED */
export function frameParts(frame: Uint8Array): Omit<SealedParts, 'seal'> {
  const length = headerLengthOf(frame);
  return { header: frame.subarray(0, 4 + length), tensor: frame.subarray(tensorOffset(length)) };
}

/** The frame with its seal behind it. @param seal [64] */
export function sealFrame(frame: Uint8Array, seal: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(frame.length + SEAL_BYTES);
  sealed.set(frame);
  sealed.set(seal, frame.length);
  return sealed;
}

/** Views of a sealed frame's parts. @throws FedtempoError PROTOCOL_MALFORMED */
export function openSealed(sealed: Uint8Array): SealedParts {
  const end = Math.max(0, sealed.length - SEAL_BYTES);
  return { ...frameParts(sealed.subarray(0, end)), seal: sealed.subarray(end) };
}
