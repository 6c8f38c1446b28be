/**
 * A process of many light clients. It is told what to do in its argument, and speaks with the bench over IPC: `ready` for each
 * client (with the time on the machine's clock), `lost`, `holding` when all of its clients of a round have been told to train,
 * `done` when all of them are answered. With `barrier` it offers when the bench says `go`, otherwise at once.
 */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { identityOf } from '../../dist/client/identity.js';
import { LightClient } from './client.mjs';

const { url, ca, clients, parameters = 0, barrier = false, atOnce = 50 } = JSON.parse(process.argv[2]);
const now = () => performance.timeOrigin + performance.now();
const authority = ca === undefined ? undefined : readFileSync(ca, 'utf8');

/** Few different updates serve many clients: what they hold does not change what they cost. */
const updates = Array.from({ length: parameters === 0 ? 0 : 4 }, (_, index) => {
  const values = Float32Array.from({ length: parameters }, (_, at) => 0.01 * Math.sin(at * (index + 1)));
  const bytes = new Uint8Array(values.buffer);
  return { bytes, digest: createHash('sha256').update(bytes).digest() };
});

const rounds = new Map();
let connecting = 0;
const waiting = [];

const events = {
  ready: () => {
    process.send({ type: 'ready', at: now() });
    connecting -= 1;
    next();
  },
  lost: (_, why) => process.send({ type: 'lost', why }),
  away: (_, why) => process.send({ type: 'away', why }),
  task: (client) => {
    const { round } = client.task;
    const here = rounds.get(round) ?? { told: [], answered: 0, first: now(), rejected: 0 };
    rounds.set(round, here);
    here.told.push(client);
    if (!barrier) client.offer();
    // The bench has all clients in every cohort.
    if (here.told.length < clients) return;
    here.lastTold = now();
    process.send({ type: 'holding', round });
  },
  answered: (_, { round, answer }) => {
    const here = rounds.get(round);
    here.answered += 1;
    if (answer !== 'ACCEPTED') here.rejected += 1;
    if (here.answered < clients) return;
    const { first, lastTold, rejected } = here;
    rounds.delete(round);
    process.send({ type: 'done', round, first, lastTold, last: now(), rejected });
  },
};

process.on('message', ({ type, round }) => {
  if (type === 'go') for (const client of rounds.get(round).told) client.offer();
});
process.on('disconnect', () => process.exit());

for (let index = 0; index < clients; index++) {
  const identity = identityOf(generateKeyPairSync('ed25519').privateKey);
  const update = updates[index % Math.max(1, updates.length)];
  waiting.push(new LightClient({ url, ca: authority, identity, update }, events));
}
process.send({ type: 'made' });
next();

/** The first time clients come a few at a time, so that what is measured begins afterwards. */
function next() {
  while (waiting.length > 0 && connecting < atOnce) {
    connecting += 1;
    waiting.shift().connect();
  }
}
