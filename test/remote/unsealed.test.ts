/** The desk answers whatever an admitted client may send; were it to throw, the run would end for everybody. */
import { Desk, type UpdateMessage } from 'fedtempo/server/remote/desk.js';
import { encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

const message: UpdateMessage = {
  ...({ type: 'update', run: 'r', round: 0, nonce: 'n', client: 0, examples: 1, trainMs: 1 } as const),
  metrics: { loss: 1, accuracy: 0, examplesUsed: 1 },
  used: { learningRateFirst: 0.1, learningRateLast: 0.1, batchSize: 1, steps: 1, truncatedBatches: 0 },
};
const origin = { run: 'r', epoch: 1, nonce: 'c', key: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

test.each([
  ['no tensor', 0],
  ['a tensor shorter than a signature', 15],
  ['a tensor as long as a signature', 16],
  ['a longer tensor', 100],
])('an update with %s and no signature is forged, and the desk goes on', (_, values) => {
  const desk = new Desk(temporaryFolder());
  const frame = encodeFrame(message, new Float32Array(values));
  const submission = { message, frame, origin };
  const verdicts = desk.submit([submission, submission]);
  expect(verdicts.map(({ client, answer }) => [client, answer])).toEqual([
    [0, 'FORGED'],
    [0, 'FORGED'],
  ]);
});
