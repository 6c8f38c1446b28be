/** Clients that bring data of their own: the same bits as with the data in one place, and none of them on the wire. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { type ClientMessage, clientMessage } from 'fedtempo/shared/protocol/messages.js';
import { SEAL_BYTES } from 'fedtempo/shared/protocol/sealed.js';
import { expect, test } from 'vitest';
import { type OwnDigits, ownDigits } from '../support/own-digits.js';
import { runCommand, startCommand, temporaryFolder } from '../support/processes.js';
import { messagesIn, tee } from '../support/tee.js';

/** 64-12-10 */
const PARAMETERS = 65 * 12 + 13 * 10;

async function serve(file: string) {
  const served = startCommand(['serve', file, '--port', '0', '--run', join(temporaryFolder(), 'run'), '--json']);
  const [, port] = await served.says(/listening on ws:\/\/127\.0\.0\.1:(\d+)/);
  return { ...served, port: Number(port) };
}

const joining = (port: number, ...data: string[]) =>
  startCommand(['join', `ws://127.0.0.1:${port}`, '--identity', join(temporaryFolder(), 'key'), ...data]);

const withOwn = (file: string, ...more: string[]) => ['--data', file, '--label', 'digit', '--scale', '16', ...more];

test('three clients with CSV files come to the digest of the simulation, and send neither rows nor labels', async () => {
  const digits = await ownDigits(temporaryFolder());
  const out = ['--out', temporaryFolder(), '--pool', 'inline', '--json', '--quiet'];
  const simulated = runCommand(['run', digits.simulated, ...out]);
  const served = await serve(digits.own);
  const wire = await tee(served.port);
  const clients = [];
  for (const [client, file] of digits.files.entries()) {
    const one = joining(wire.port, ...withOwn(file));
    await one.says(new RegExp(`joined as client ${client}\n`));
    clients.push(one);
  }
  const { code, stdout, stderr } = await served.ended;
  expect(code, stderr).toBe(0);
  const { digest, finalAccuracy, failures } = JSON.parse((await simulated).stdout);
  expect(JSON.parse(stdout)).toMatchObject({ digest, finalAccuracy, failures });
  expect(finalAccuracy).toBeGreaterThan(0.7);
  for (const one of clients) expect((await one.ended).code).toBe(0);
  expectNoData(wire.sent(), digits);
});

/** What clients said: their shape, and updates of the size of the model. */
function expectNoData(streams: readonly Buffer[], { lines }: OwnDigits): void {
  const messages = streams.flatMap(messagesIn);
  const byType = new Map<ClientMessage['type'], { message: ClientMessage; tensor: Uint8Array }[]>();
  for (const bytes of messages) {
    const known = [bytes, bytes.subarray(0, -SEAL_BYTES)].map(decoded).find((one) => one !== undefined);
    if (known === undefined) throw new Error(`a message of ${bytes.length} bytes that is none of the protocol`);
    const { type } = known.message;
    byType.set(type, [...(byType.get(type) ?? []), known]);
  }
  expect([...byType.keys()].sort()).toEqual(['hello', 'offer', 'ready', 'update']);
  expect(byType.get('ready')?.map(({ message }) => message)).toEqual(
    lines.map(({ length }) => ({
      type: 'ready',
      clients: 1,
      examples: length,
      features: 64,
      classes: expect.any(Number),
    })),
  );
  const updates = byType.get('update') ?? [];
  expect(updates).toHaveLength(12 * lines.length);
  for (const { message, tensor } of updates) {
    expect(tensor).toHaveLength(4 * PARAMETERS);
    expect(Object.keys(message).sort()).toEqual([
      'client',
      'examples',
      'metrics',
      'nonce',
      'round',
      'run',
      'trainMs',
      'type',
      'used',
    ]);
  }
  // Beside the model's values, a few hundred bytes a message: less than a sixtieth of what the rows would take.
  const spare = messages.reduce((sum, { length }) => sum + length, 0) - updates.length * 4 * PARAMETERS;
  expect(spare / messages.length).toBeLessThan(500);
  const whole = Buffer.concat([...streams, ...messages]);
  for (const line of lines.flat()) {
    const values = line.split(',').slice(0, -1).map(Number);
    const forms = [line, Buffer.from(values), Buffer.from(Float32Array.from(values, (value) => value / 16).buffer)];
    expect(forms.some((form) => whole.includes(form))).toBe(false);
  }
}

function decoded(bytes: Buffer) {
  try {
    const { message, tensor } = decodeFrame(bytes, clientMessage);
    if ((message.type === 'update') !== (tensor.length === 4 * PARAMETERS)) return undefined;
    return { message, tensor };
  } catch {
    return undefined;
  }
}

test('data that do not fit the scenario are refused, and nobody is counted', async () => {
  const folder = temporaryFolder();
  const digits = await ownDigits(folder);
  const served = await serve(digits.own);
  const write = (name: string, lines: readonly string[]) => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
    return join(folder, name);
  };
  const narrow = write('narrow.csv', ['a,b,digit', '1,2,0', '3,4,1']);
  const names = `${Array.from({ length: 64 }, (_, index) => `p${index}`)},digit`;
  const beyond = write('beyond.csv', [names, `${'1,'.repeat(64)}10`]);
  const refused = async (exitCode: number, ...data: string[]) => {
    const { code, stdout, stderr } = await joining(served.port, ...data).ended;
    expect({ code, stdout }, stderr).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).not.toMatch(/\n {4}at |defect/);
    return stderr;
  };
  const messages = await Promise.all([
    refused(1, ...withOwn(narrow)),
    refused(1, ...withOwn(beyond)),
    refused(2, '--data', digits.files[0], '--label', 'kind'),
    refused(2, '--data', digits.files[0]),
    refused(1, '--simulate-shard'),
    refused(2, ...withOwn(join(folder, 'none.csv'))),
  ]);
  expect(messages[0]).toMatch(/^error JOIN_REFUSED: .*\n {2}found: .*2 features.*64 features/);
  expect(messages[1]).toMatch(/^error JOIN_REFUSED: .*\n {2}found: .*label 10.*0 to 9/);
  expect(messages[2]).toMatch(/^error DATASET_INVALID: .*kind/s);
  expect(messages[3]).toMatch(/^error DATASET_INVALID: .*label/s);
  expect(messages[4]).toMatch(/^error JOIN_REFUSED: .*\n {2}found: .*no dataset to simulate a shard of/);
  expect(messages[5]).toMatch(/^error DATASET_MISSING: .*none\.csv/);
  served.child.kill('SIGTERM');
  expect((await served.ended).code).toBe(130);
});
