/**
 * What hostile sockets do, one attack a row: how it goes, and how an unharmed coordinator may end it. An outcome is an HTTP
 * status, a close code, an answer, `cut` for a connection that was ended without a word, or `open` for one that was not.
 * Each is given the scene of one hostile key: port, identity, a stranger's identity, what the key has `seen` before, and
 * randomness (`below`, `mutated`).
 */
import { randomBytes } from 'node:crypto';
import { encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import {
  admitted,
  assigned,
  challenged,
  granted,
  hears,
  PATIENCE_MS,
  proof,
  sealedUpdate,
  seated,
  selected,
  send,
  updateMessage,
  upgradeHead,
} from './enter.mjs';
import { RawSocket } from './raw-socket.mjs';

/** How the other end answers what has no WebSocket: the last status that it says, or that it leaves. */
async function answered(raw) {
  const answer = await raw.answer(PATIENCE_MS);
  return answer === undefined ? cutOrOpen(raw) : `${answer.status}`;
}

/** How the other end closes a WebSocket. */
async function closed(raw) {
  await raw.until(() => raw.closeCode, PATIENCE_MS);
  return raw.closeCode === undefined ? cutOrOpen(raw) : `${raw.closeCode}`;
}

const cutOrOpen = (raw) => (raw.ended ? 'cut' : 'open');

/** What an update is answered: by a message, or by the end of the connection. */
async function judged(raw) {
  const answer = await hears(raw, 'answer');
  return answer?.answer ?? closed(raw);
}

const connected = async ({ port }, bytes) => {
  const raw = await RawSocket.connect(port);
  return raw.write(bytes);
};
const ones = (inside) => new Float32Array(inside.assign.parameters).fill(1);
const REFUSED = ['400', 'cut'];
/** The round may have been closed before the update came. */
const orLate = (...outcomes) => [...outcomes, 'LATE'];

/** Before anybody has a WebSocket. */
export const outside = {
  garbage: {
    expect: REFUSED,
    run: async (scene) => finish(await connected(scene, randomBytes(1 + scene.below(600))), answered),
  },
  'slow headers': {
    expect: ['cut'],
    run: async (scene) => {
      const raw = await connected(scene, 'GET /challenge HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
      const drip = setInterval(() => raw.write('a'), 200);
      const outcome = (await raw.left(PATIENCE_MS)) ? 'cut' : 'open';
      clearInterval(drip);
      return { raw, outcome };
    },
  },
  'oversized head': {
    expect: ['431', 'cut'],
    run: async (scene) =>
      finish(
        await connected(scene, `GET /challenge HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
        answered,
      ),
  },
  'half open': {
    expect: ['cut'],
    run: async (scene) => {
      const raw = await connected(scene, scene.below(2) === 0 ? '' : 'GET /join HTTP/1.1\r\n');
      if (scene.below(2) === 0) raw.finish();
      return finish(raw, async () => ((await raw.left(PATIENCE_MS)) ? 'cut' : 'open'));
    },
  },
  'TLS hello on the plain port': {
    expect: REFUSED,
    run: async (scene) =>
      finish(await connected(scene, Buffer.concat([Buffer.from('16030100fa0100', 'hex'), randomBytes(248)])), answered),
  },
  'upgrade without signature': {
    expect: ['401'],
    run: async (scene) => finish(await connected(scene, upgradeHead()), answered),
  },
  'upgrade with a wrong signature': {
    expect: ['401'],
    run: async ({ port, identity }) => {
      const { raw, moment } = await challenged(port);
      const forged = { ...proof(identity, moment), 'fedtempo-signature': randomBytes(64).toString('base64url') };
      return finish(raw.write(upgradeHead(forged)), answered);
    },
  },
  'replayed admission': {
    expect: ['401'],
    run: async (scene) => {
      const headers = scene.seen.headers ?? { 'fedtempo-key': scene.identity.key };
      return finish(await connected(scene, upgradeHead(headers)), answered);
    },
  },
  'a key that is not enrolled': {
    expect: ['403'],
    run: async ({ port, stranger }) => {
      const { raw, moment } = await challenged(port);
      return finish(raw.write(upgradeHead(proof(stranger, moment))), answered);
    },
  },
};

/** With the WebSocket of an enrolled key. */
export const inside = {
  'tiny fragments': {
    expect: ['1008', '1009'],
    run: async ({ port, identity, seen }) => {
      const { raw, headers } = await admitted(port, identity);
      seen.headers = headers;
      raw.frame(Buffer.of(1), { fin: false });
      const one = Buffer.of(0x00, 0x81, 0, 0, 0, 0, 7);
      raw.write(Buffer.concat(Array.from({ length: 1500 }, () => one)));
      return finish(raw, closed);
    },
  },
  'unmasked frame': {
    expect: ['1002'],
    run: async ({ port, identity }) => {
      const { raw } = await admitted(port, identity);
      return finish(raw.frame(randomBytes(40), { mask: false }), closed);
    },
  },
  'oversized frame': {
    expect: ['1009'],
    run: async ({ port, identity, below }) => {
      const { raw } = await admitted(port, identity);
      return finish(raw.frame(randomBytes(100), { length: below(2) === 0 ? 2 ** 31 : 2 ** 22 }), closed);
    },
  },
  'garbage frame': {
    expect: ['4002', '1002', '1007'],
    run: async ({ port, identity, below }) => {
      const { raw } = await admitted(port, identity);
      const form = [{}, { opcode: 1 }, { opcode: 3 }, { rsv: 4 }, { opcode: 9, fin: false }][below(5)];
      return finish(raw.frame(randomBytes(1 + below(100)), form), closed);
    },
  },
  'wrong version': {
    expect: ['4001'],
    run: async ({ port, identity, below }) => {
      const { raw } = await admitted(port, identity);
      send(raw, { type: 'hello', protocol: 3 + below(1000), software: 'hostile 1.0' });
      return finish(raw, closed);
    },
  },
  'mutated frames': {
    // 4000 where a mutation has become a goodbye.
    expect: ['4002', '4004', '4000', '4007', '4014', 'REJECTED', 'LATE', 'open'],
    run: async ({ port, identity, mutated, below }) => {
      const { raw } = await (below(2) === 0 ? assigned : seated)(port, identity);
      for (let count = 0; count < 12; count++) raw.frame(mutated());
      await raw.until(() => raw.closeCode, 500);
      return { raw, outcome: raw.closeCode === undefined ? cutOrOpen(raw) : `${raw.closeCode}` };
    },
  },
  'update before ready': {
    expect: ['4004'],
    run: async ({ port, identity }) => {
      const client = await assigned(port, identity);
      const message = updateMessage({ ...client, key: { run: client.moment.run, round: 0, nonce: 'none' } });
      return finish(client.raw.frame(sealedUpdate(identity, client.moment, message, ones(client))), closed);
    },
  },
  'update without grant': {
    expect: ['4014'],
    run: async ({ port, identity }) => {
      const client = await selected(port, identity);
      return finish(
        client.raw.frame(sealedUpdate(identity, client.moment, updateMessage(client), ones(client))),
        closed,
      );
    },
  },
  'forged update': {
    expect: orLate('4011'),
    run: (scene) =>
      withGrant(scene, (client) => {
        const sealed = sealedUpdate(scene.identity, client.moment, updateMessage(client), ones(client));
        sealed[sealed.length - 1 - scene.below(64)] ^= 1 << scene.below(8);
        return sealed;
      }),
  },
  'update signed for another connection': {
    expect: orLate('4011'),
    run: (scene) =>
      withGrant(scene, (client) => {
        const moment = scene.seen.moment ?? { ...client.moment, epoch: client.moment.epoch + 1 };
        scene.seen.moment = client.moment;
        return sealedUpdate(scene.identity, moment, updateMessage(client), ones(client));
      }),
  },
  'update of a round before': {
    expect: ['LATE'],
    run: (scene) =>
      withGrant(scene, (client) => {
        const { key } = client;
        const past = scene.seen.key?.round < key.round ? scene.seen.key : { ...key, nonce: 'f'.repeat(36) };
        scene.seen.key = key;
        return sealedUpdate(scene.identity, client.moment, updateMessage({ ...client, key: past }), ones(client));
      }),
  },
  'update in the name of another': {
    expect: orLate('REJECTED'),
    run: (scene) =>
      withGrant(scene, (client) =>
        sealedUpdate(scene.identity, client.moment, updateMessage({ ...client, client: scene.below(4) }), ones(client)),
      ),
  },
  'update that is not finite': {
    expect: orLate('REJECTED'),
    run: (scene) =>
      withGrant(scene, (client) =>
        sealedUpdate(scene.identity, client.moment, updateMessage(client), ones(client).fill(Number.NaN, 7)),
      ),
  },
  'update without tensor and seal': {
    expect: orLate('4002', '4011'),
    run: (scene) => withGrant(scene, (client) => encodeFrame(updateMessage(client))),
  },
};

/** Sends what `make` makes of the granted client, and sees how it is judged. */
async function withGrant({ port, identity }, make) {
  const client = await granted(port, identity);
  if (client.answer !== undefined) return { raw: client.raw, outcome: client.answer.answer };
  return finish(client.raw.frame(make(client)), judged);
}

async function finish(raw, outcomeOf) {
  return { raw, outcome: await outcomeOf(raw) };
}
