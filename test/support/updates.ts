/** Updates as clients on other machines send them, made and signed by hand: rightly, or wrong in a way that a test names. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { type Identity, identityOf } from 'fedtempo/client/identity.js';
import type { UpdateMessage } from 'fedtempo/server/remote/desk.js';
import { encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { frameParts, sealFrame } from 'fedtempo/shared/protocol/sealed.js';
import { type Moment, updateStatement } from 'fedtempo/shared/protocol/statements.js';

export function newIdentity(): Identity {
  return identityOf(generateKeyPairSync('ed25519').privateKey);
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

type Named = Pick<UpdateMessage, 'run' | 'round' | 'nonce' | 'client' | 'examples'>;

/** What a client says beside its tensor. */
export function updateMessage({ run, round, nonce, client, examples }: Named): UpdateMessage {
  return {
    type: 'update',
    run,
    round,
    nonce,
    client,
    examples,
    metrics: { loss: 0.5, accuracy: 0.25, examplesUsed: examples },
    used: { learningRateFirst: 0.5, learningRateLast: 0.5, batchSize: 10, steps: 1, truncatedBatches: 0 },
    trainMs: 1,
  };
}

/** The frame with the signature of `identity` over that moment. */
export function sealedUpdate(message: object, delta: Float32Array, identity: Identity, moment: Moment): Uint8Array {
  const frame = encodeFrame(message, delta);
  const { header, tensor } = frameParts(frame);
  return sealFrame(frame, identity.sign(updateStatement(moment, header, sha256(tensor))));
}

/** SHA-256 of the tensor, in hexadecimal, as an offer names it. */
export function digestOf(delta: Float32Array): string {
  return sha256(new Uint8Array(delta.buffer, delta.byteOffset, delta.byteLength)).toString('hex');
}
