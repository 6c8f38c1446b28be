/**
 * Frames that nobody honest would send, without end and from a seed: sound messages of both ends, then changed as bytes, as
 * msgpack, and as values. Most keep a header length that fits, since a frame that fails at its first four bytes tests little
 * else. Plain JavaScript: the test and the long run share it.
 */
import { decodeFrame, encodeFrame, tensorOf } from 'fedtempo/shared/protocol/codec.js';
import { clientMessage, serverMessage } from 'fedtempo/shared/protocol/messages.js';
import { openSealed, sealFrame } from 'fedtempo/shared/protocol/sealed.js';
import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, moreTypes: true });
const key = { run: '5e0f7a52-run', round: 3, nonce: 'b1946ac9-nonce' };
const used = { learningRateFirst: 0.1, learningRateLast: 0.05, batchSize: 10, steps: 6, truncatedBatches: 1 };
const plan = {
  ...{ round: 3, learningRate: 0.1, batchSize: 10, work: { localEpochs: 1 }, clientOptimizer: { kind: 'sgd' } },
  ...{ clientMomentum: 0.9, proximalMu: 0.01, weightDecay: 0, clipNorm: 1 },
};
const model = { kind: 'mlp', hidden: [3], activation: 'tanh', loss: 'softmax-cross-entropy', initialization: 'glorot' };
const data = { dataset: 'xor', partition: { kind: 'iid', clients: 4 } };
const tensor = Float32Array.from({ length: 11 }, (_, index) => index / 7 - 0.5);
const answered = { type: 'answer', run: key.run, round: 3, client: 2, reason: '' };

/** Sound messages, each with its tensor if it has one. */
const sound = [
  [{ type: 'hello', protocol: 2, software: 'fedtempo 0.1.0', slot: 4 }],
  [{ type: 'ready', datasetDigest: 'ab'.repeat(32), clients: 1, examples: 70, features: 64, classes: 10 }],
  [{ type: 'offer', ...key, client: 2, digest: '0f'.repeat(32) }],
  [
    {
      ...{ type: 'update', ...key, client: 2, examples: 70, trainMs: 12.5, used },
      metrics: { loss: 0.7, accuracy: 0.5, examplesUsed: 70 },
    },
    tensor,
  ],
  [{ type: 'failure', ...key, client: 2, reason: 'no memory' }],
  [{ type: 'goodbye', reason: 'the client leaves', returnAfterMs: 2000 }],
  [
    {
      ...{ type: 'assign', protocol: 2, run: key.run, hosting: { index: 2, count: 4 }, parameters: 13, seed: 5 },
      ...{ features: 2, classes: 2, data, model, folder: '', datasetDigest: 'ab'.repeat(32) },
    },
  ],
  [{ type: 'round', ...key, plan, control: false, along: ['learningRate'], alongSteps: 2 }, tensor],
  [{ type: 'train', ...key, clients: [2, 5, 300, 70_000] }],
  [{ type: 'grant', run: key.run, round: 3, client: 2 }],
  [{ ...answered, answer: 'ACCEPTED' }],
  [{ ...answered, answer: 'REJECTED', reason: 'not finite' }],
];

/** What a number, a text or a name of the wire must not be taken for. */
const values = [
  ...[0, -0, -1, 1e308, 2 ** 31, 2 ** 32, 2 ** 53, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n, null, true],
  ...['', '__proto__', '\ud800', '\u0000', 'x'.repeat(2001), '😀'.repeat(600), [], {}, [[]], { __proto__: null }],
  ...[new Date(0), /a+$/g, new Error('a'), new Set([1]), new Map([[{}, 1]]), new Uint8Array(9), new Float64Array(2)],
  ...[undefined, Symbol.iterator.toString(), Array.from({ length: 1500 }, () => 1)],
];
const names = ['__proto__', 'constructor', 'type', 'toString', '', 'client', 'x'.repeat(300)];
/** Every family of msgpack tags, with those that no header may have. */
const tags = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, ...Array.from({ length: 32 }, (_, index) => 0xc0 + index), 0xff];
const lengths = [0, 1, 3, 4, 5, 7, 8, 16_383, 16_384, 16_385, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];

/**
 * @param {number} seed
 * @returns {() => Uint8Array} the next frame; every call gives another one
 */
export function frameMutator(seed) {
  const random = generator(seed);
  const below = (n) => Math.floor(random() * n);
  const one = (list) => list[below(list.length)];
  const bytesOf = (n) => Uint8Array.from({ length: n }, () => below(256));
  const frames = sound.map(([message, ...parts]) => encodeFrame(message, ...parts));
  const signed = frames.map((frame) => sealFrame(frame, bytesOf(64)));

  /** Changes of bytes; what they are bytes of does not matter. */
  const rough = [
    (bytes) => {
      const changed = Uint8Array.from(bytes);
      for (let times = 1 + below(8); times > 0; times--) changed[below(changed.length)] ^= 1 << below(8);
      return changed;
    },
    (bytes) => bytes.slice(0, below(bytes.length + 1)),
    (bytes) => bytes.slice(below(bytes.length + 1)),
    (bytes) => joined(bytes.slice(0, below(bytes.length + 1)), bytesOf(1 + below(40))),
    (bytes) => spliced(bytes, below(bytes.length), below(12), bytesOf(below(12))),
    (bytes) => {
      const from = below(bytes.length);
      return spliced(bytes, below(bytes.length), 0, bytes.slice(from, from + below(64)));
    },
    (bytes) => {
      const other = one(frames);
      return joined(bytes.slice(0, below(bytes.length + 1)), other.slice(below(other.length + 1)));
    },
    () => bytesOf(below(200)),
  ];

  /** Changes of a msgpack header at the beginning of one of its values. */
  const aimed = [
    (header, at) => spliced(header, at, 1, Uint8Array.of(one(tags))),
    (header, at) => spliced(header, at, 1, joined(Uint8Array.of(one(tags)), big(one(lengths), one([1, 2, 4])))),
    (header, at) => spliced(header, at, 0, new Uint8Array(below(40)).fill(one([0x91, 0x81, 0x92, 0xdd, 0xdf]))),
    (header, at) => spliced(header, at, one([0, 1, 1, 2]), packr.pack(one(values))),
    (header, at) => spliced(header, at, 1, Uint8Array.of((header[at] + one([1, 255, 2, 16])) & 0xff)),
    (header, at) => spliced(header, at, 1, joined(Uint8Array.of(one([0xc7, 0xc8, 0xc9, 0xd4, 0xd8])), bytesOf(20))),
  ];

  /** A sound message with one value or name of it changed. */
  const otherValue = () => {
    const [message, ...parts] = one(sound);
    const changed = structuredClone(message);
    const places = placesOf(changed);
    for (let times = 1 + below(2); times > 0; times--) {
      const [holder, name] = one(places);
      const move = below(4);
      if (move === 0) delete holder[name];
      else if (move === 1) Object.defineProperty(holder, one(names), { ...OPEN, value: one(values) });
      else holder[name] = one(values);
    }
    return frameOf(packr.pack(changed), parts[0] ?? (below(4) === 0 ? tensor : undefined));
  };

  return () => {
    const frame = one(frames);
    const kind = below(10);
    if (kind === 0) return one(rough)(below(3) === 0 ? one(signed) : frame);
    if (kind === 1) return withLength(frame, one([...lengths, below(400)]));
    if (kind <= 4) return otherValue();
    // The header alone is changed, and its length made to fit again.
    const length = new DataView(frame.buffer).getUint32(0, true);
    const header = frame.slice(4, 4 + length);
    const change = kind <= 6 ? one(rough) : (bytes) => one(aimed)(bytes, one(beginnings(bytes)));
    let changed = change(header);
    if (below(4) === 0 && changed.length > 0) changed = one(rough)(changed);
    return joined(frameOf(changed), frame.slice(Math.ceil((4 + length) / 8) * 8), bytesOf(one([0, 0, 1, 64])));
  };
}

/** Who reads frames: the coordinator, a client, and the coordinator once more when an update is sealed. */
const decoders = {
  client: (frame) => tensorOf(decodeFrame(frame, clientMessage).tensor),
  server: (frame) => tensorOf(decodeFrame(frame, serverMessage).tensor),
  sealed: openSealed,
};

/**
 * Whatever a coordinator or a client does to a frame before it believes anything of it.
 *
 * @param {Uint8Array} frame
 * @returns {('client' | 'server' | 'sealed')[]} as what it was taken
 * @throws whatever one of them threw that is no PROTOCOL_MALFORMED: a defect
 */
export function decodeEverywhere(frame) {
  // As ws hands it over: a view of a larger buffer, beginning anywhere.
  const view = Buffer.alloc(frame.length + 3).subarray(3);
  view.set(frame);
  const taken = [];
  for (const [name, decode] of Object.entries(decoders)) {
    try {
      decode(view);
      taken.push(name);
    } catch (error) {
      if (error?.code !== 'PROTOCOL_MALFORMED') throw new Error(`frame ${view.toString('hex')}`, { cause: error });
    }
  }
  if (Object.keys(Object.prototype).length > 0) throw new Error(`frame ${view.toString('hex')} changed every object`);
  return taken;
}

const OPEN = { configurable: true, enumerable: true, writable: true };

/** Mulberry32: numbers from 0 to 1, the same ones for a seed. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where the values of a header begin, as far as its tags can be believed. */
function beginnings(header) {
  const found = [];
  for (let at = 0; at < header.length; ) {
    found.push(at);
    const tag = header[at];
    const text = tag >= 0xa0 && tag <= 0xbf ? tag & 0x1f : tag === 0xd9 ? 1 + (header[at + 1] ?? 0) : 0;
    at += 1 + text + ([4, 8, 1, 2, 4, 8, 1, 2, 4, 8][tag - 0xca] ?? 0);
  }
  return found.length > 0 ? found : [0];
}

/** Every (object, name) below a value. */
function placesOf(value) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((name) => [[value, name], ...placesOf(value[name])]);
}

function frameOf(header, values) {
  const offset = Math.ceil((4 + header.length) / 8) * 8;
  const frame = new Uint8Array(offset + (values?.byteLength ?? 0));
  frame.set(header, 4);
  if (values !== undefined) frame.set(new Uint8Array(values.buffer), offset);
  return withLength(frame, header.length);
}

function withLength(frame, length) {
  const changed = Uint8Array.from(frame);
  new DataView(changed.buffer).setUint32(0, length, true);
  return changed;
}

function big(value, size) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes.slice(4 - size);
}

function spliced(bytes, at, cut, put) {
  return joined(bytes.slice(0, at), put, bytes.slice(at + cut));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
