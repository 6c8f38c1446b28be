/** A pool of clients on other machines as a test wants it: the real door, desk and journal, and real clients in this process. */
import { generateKeyPairSync } from 'node:crypto';
import { join as joinPath } from 'node:path';
import { identityOf } from 'fedtempo/client/identity.js';
import { createTrainer, join } from 'fedtempo/client/join/join.js';
import { openDoor } from 'fedtempo/server/http/door.js';
import { Admission } from 'fedtempo/server/remote/admission.js';
import { Intake } from 'fedtempo/server/remote/intake.js';
import { RemotePool } from 'fedtempo/server/remote/remote-pool.js';
import { Seats } from 'fedtempo/server/remote/seats.js';
import { limits } from 'fedtempo/shared/protocol/limits.js';
import { onTestFinished } from 'vitest';
import { digits } from './digits.js';
import { temporaryFolder } from './processes.js';

/** Opens a pool over the digits and has all twelve clients of them join, each with its shard. */
export async function remotePool(): Promise<RemotePool> {
  const { scenario, data, digest, parameters, shardSize } = await digits();
  const directory = temporaryFolder();
  const { intake, found } = await Intake.start({ folder: joinPath(directory, 'journal'), profile: false });
  const run = 'remote-test';
  const { clients } = scenario.data.partition;
  const admission = new Admission({ run, epoch: 1, enrolment: undefined, nonceMs: limits.nonceMs });
  const pool = new RemotePool({
    run,
    scenario,
    datasetDigest: digest,
    parameters,
    features: data.source.featureCount,
    classes: data.source.classCount,
    clients,
    examples: data.partition.examples,
    shardSize,
    seats: new Seats(directory, clients),
    enrolment: undefined,
    intake,
    found,
    limits,
    lostAfterMs: 5000,
    profile: false,
    observer: { joined() {}, left() {}, answered() {}, refused() {} },
  });
  pool.farewell = { over: true, returnAfterMs: 0 };
  const door = await openDoor({
    host: '127.0.0.1',
    port: 0,
    prefix: '',
    trustedProxies: [],
    origins: [],
    limits,
    maxPayload: pool.maxPayload,
    answer: () => ({ status: 200, body: JSON.stringify(admission.challenge()) }),
    admit: ({ headers }) => {
      const judged = admission.judge(headers);
      return 'refuse' in judged ? judged : { accept: (socket) => pool.accept(socket, judged) };
    },
    onRefused: () => {},
  });
  pool.attach(door);
  const trainer = createTrainer({ kind: 'simulated' });
  const leaving = new AbortController();
  const { signal } = leaving;
  for (let client = 0; client < clients; client++) {
    const identity = identityOf(generateKeyPairSync('ed25519').privateKey);
    void join({ url: door.url, identity, client, part: client, trainer, signal });
  }
  onTestFinished(() => {
    leaving.abort();
    trainer.stop();
  });
  await pool.members.quorum(clients, signal);
  return pool;
}
