/** A program that embeds the client, against a coordinator in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { ownDataOf } from 'fedtempo/client/data/own-data.js';
import { openIdentity } from 'fedtempo/client/identity.js';
import { createTrainer, type JoinEvent, join, type Wanted } from 'fedtempo/client/join/join.js';
import { expect, onTestFinished, test } from 'vitest';
import { repository, startCommand, temporaryFolder } from '../support/processes.js';

/** The coordinator of two clients that have pairs in two classes; its address. */
async function serve(rounds: number) {
  const folder = temporaryFolder();
  const file = joinPath(folder, 'pairs.yaml');
  writeFileSync(
    file,
    `schemaVersion: 1
name: pairs
seed: 2
data: { dataset: own, features: 2, classes: 2, examples: 400, partition: { kind: own, clients: 2 } }
model: { kind: mlp, hidden: [4], activation: tanh }
federation: { rounds: ${rounds}, cohort: { size: 2 }, localEpochs: 1 }
schedules: { learningRate: 0.1, batchSize: 10 }
`,
  );
  const served = startCommand(['serve', file, '--port', '0', '--run', joinPath(folder, 'run'), '--json']);
  const [, url] = await served.says(/listening on (\S+)/);
  return { ...served, url };
}

const pairs = ({ features }: Wanted) =>
  ownDataOf({
    features: Float32Array.from({ length: 20 * features }, (_, index) => Math.sin(index)),
    labels: Array.from({ length: 20 }, (_, row) => row % 2),
    featureCount: features,
  });

function trainerOf(...holding: Parameters<typeof createTrainer>) {
  const trainer = createTrainer(...holding);
  onTestFinished(() => trainer.stop());
  return trainer;
}

test('the example of the docs takes part until the run is over', async () => {
  const { url, ended } = await serve(5);
  const programs = ['a', 'b'].map(async (name) => {
    const args = ['docs/examples/embedded-client.mjs', url, joinPath(temporaryFolder(), name)];
    const child = spawn(process.execPath, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    return { code, said };
  });
  const { stdout } = await ended;
  expect(JSON.parse(stdout)).toMatchObject({ rounds: 5, failures: 0 });
  for (const { code, said } of await Promise.all(programs)) {
    expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/\nthe run is over: .*\n$/) });
    expect(said.match(/"answer":"ACCEPTED"/g)).toHaveLength(5);
  }
});

test('data are asked for once, when the run is known, and dealt among the clients of the program', async () => {
  const { url, ended } = await serve(3);
  const asked: Wanted[] = [];
  const data = async (wanted: Wanted) => {
    asked.push(wanted);
    return pairs(wanted);
  };
  const trainer = trainerOf({ kind: 'own', parts: 2, data });
  const events: JoinEvent[] = [];
  const { signal } = new AbortController();
  const onEvent = (event: JoinEvent) => events.push(event);
  const ends = await Promise.all(
    [0, 1].map((part) => {
      const identity = openIdentity(joinPath(temporaryFolder(), String(part)));
      return join({ url, identity, trainer, part, signal, onEvent });
    }),
  );
  expect(ends.map(({ over }) => over)).toEqual([true, true]);
  expect(asked).toEqual([{ run: expect.stringMatching(/./), features: 2, classes: 2 }]);
  const of = (type: JoinEvent['type']) => events.filter((event) => event.type === type);
  expect([of('joined').length, of('training').length, of('answered').length]).toEqual([2, 6, 6]);
  expect(JSON.parse((await ended).stdout)).toMatchObject({ rounds: 3, failures: 0 });
});

test('a client leaves when its signal says so, in the middle of asking for data too', async () => {
  const { url } = await serve(3);
  const leaving = new AbortController();
  const identity = openIdentity(joinPath(temporaryFolder(), 'key'));
  const waiting = trainerOf({
    kind: 'own',
    parts: 1,
    data: (wanted) => {
      leaving.abort();
      return pairs(wanted);
    },
  });
  expect(await join({ url, identity, trainer: waiting, signal: leaving.signal })).toEqual({
    over: false,
    reason: 'stopped',
  });
  const later = new AbortController();
  const onEvent = ({ type }: JoinEvent) => type === 'joined' && later.abort();
  const trainer = trainerOf({ kind: 'own', parts: 1, data: pairs });
  expect((await join({ url, identity, trainer, signal: later.signal, onEvent })).over).toBe(false);
});

test('what the callback throws, and data of another shape, end the client with their message', async () => {
  const { url } = await serve(3);
  const { signal } = new AbortController();
  const refusal = (data: (wanted: Wanted) => ReturnType<typeof pairs>) =>
    join({
      url,
      identity: openIdentity(joinPath(temporaryFolder(), 'key')),
      signal,
      trainer: trainerOf({ kind: 'own', parts: 1, data }),
    });
  const closed = () => {
    throw new Error('the database is closed');
  };
  await expect(refusal(closed)).rejects.toMatchObject({
    code: 'JOIN_REFUSED',
    details: { found: 'the database is closed' },
  });
  await expect(refusal((wanted) => pairs({ ...wanted, features: 3 }))).rejects.toMatchObject({
    code: 'JOIN_REFUSED',
    details: { found: expect.stringMatching(/3 features.*2 features/) },
  });
});

test('what a listener throws ends the client, and is what join rejects with', async () => {
  const { url } = await serve(3);
  const trainer = trainerOf({ kind: 'own', parts: 1, data: pairs });
  const identity = openIdentity(joinPath(temporaryFolder(), 'key'));
  const onEvent = () => {
    throw new RangeError('the window is closed');
  };
  const { signal } = new AbortController();
  await expect(join({ url, identity, trainer, signal, onEvent })).rejects.toThrow(
    new RangeError('the window is closed'),
  );
});
