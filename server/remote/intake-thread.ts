/**
 * The thread that receives updates. Submissions that have come since it last looked are judged together, so that one sync
 * of the disk serves them all. Once the disk has failed it answers nothing more: a second sync could claim what the
 * first one lost.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { Spans } from '../../shared/times/spans.js';
import { sharedNow } from '../times/time-table.js';
import { Desk } from './desk.js';
import type { FromIntake, ToIntake } from './intake-messages.js';

export interface IntakeData {
  /** Where the journals of open rounds are. */
  readonly folder: string;
  /** Whether spans are wanted, for a trace. */
  readonly profile: boolean;
}

const port = parentPort;
if (port === null) throw new Error('intake-thread runs as a worker thread');
const { folder, profile } = workerData as IntakeData;
const send = (message: FromIntake) => port.postMessage(message);

type Submit = Extract<ToIntake, { type: 'submit' }>;

/** Submissions that one sync serves at most: the first of many must not wait for the last. */
const BATCH = 16;

const spans = new Spans(sharedNow, profile);
const waiting: Submit[] = [];
let scheduled = false;
let broken = false;

function serve(desk: Desk): void {
  port?.on('message', (message: ToIntake) => {
    if (broken) return;
    try {
      if (message.type === 'submit') {
        waiting.push(message);
        if (scheduled) return;
        scheduled = true;
        setImmediate(() => guard(() => flushNext(desk)));
        return;
      }
      flush(desk);
      handle(desk, message);
    } catch (error) {
      fail(error);
    }
  });
}

/** The submissions that have come, and those that come while they are judged, a batch at a time. */
function flushNext(desk: Desk): void {
  judge(desk, waiting.splice(0, BATCH));
  scheduled = waiting.length > 0;
  if (scheduled) setImmediate(() => guard(() => flushNext(desk)));
}

function flush(desk: Desk): void {
  while (waiting.length > 0) judge(desk, waiting.splice(0, BATCH));
}

function judge(desk: Desk, batch: readonly Submit[]): void {
  if (batch.length === 0) return;
  const verdicts = spans.measure('receive', () => desk.submit(batch));
  verdicts.forEach((verdict, index) => {
    send({ type: 'judged', id: batch[index].id, verdict });
  });
}

function handle(desk: Desk, message: Exclude<ToIntake, Submit>): void {
  switch (message.type) {
    case 'open':
      return send({ type: 'opened', id: message.id, replies: desk.open(message.round) });
    case 'weigh':
      return send({ type: 'weighed', id: message.id, standing: desk.weigh(message.offered) });
    case 'close':
      return send({ type: 'closed', id: message.id, tally: desk.close(message.closing), spent: spans.take() });
    case 'leave':
      desk.leave();
      return send({ type: 'left', id: message.id });
    case 'drop':
      return desk.drop(message.round, message.attempt);
  }
}

function guard(work: () => void): void {
  try {
    if (!broken) work();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  broken = true;
  const code = error instanceof FedtempoError ? error.code : (error as NodeJS.ErrnoException).code;
  send({ type: 'broken', code, message: messageOf(error) });
}

guard(() => {
  const desk = new Desk(folder);
  send({ type: 'found', rounds: desk.found });
  serve(desk);
});
