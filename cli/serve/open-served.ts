/** Opens a run whose clients are on other machines: directory, desk, seats, pool, and the door last. */

import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ClientData } from '../../client/load-data.js';
import { ThreadedEvaluator } from '../../server/evaluation/threads.js';
import { openDoor } from '../../server/http/door.js';
import type { Metrics } from '../../server/http/metrics.js';
import { Admission } from '../../server/remote/admission.js';
import { createDeadline } from '../../server/remote/deadline.js';
import type { Enrolment } from '../../server/remote/enrolment.js';
import { Intake } from '../../server/remote/intake.js';
import { liveRounds } from '../../server/remote/live-rounds.js';
import { RemotePool } from '../../server/remote/remote-pool.js';
import { Seats } from '../../server/remote/seats.js';
import type { Limits } from '../../shared/protocol/limits.js';
import type { LiveRun, Opened, RunSetting, RunTools } from '../conduct.js';
import { observe, refusalClass } from './observe.js';
import { pages } from './pages.js';
import { openDirectory } from './run-directory.js';

export interface ServeOptions {
  readonly out: string;
  /** The run directory, where it has a name of its own. */
  readonly directory: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly prefix: string;
  readonly trustedProxies: readonly string[];
  readonly hosts: readonly string[] | undefined;
  readonly origins: readonly string[];
  readonly enrolment: Enrolment | undefined;
  readonly limits: Limits;
  readonly returnAfterMs: number;
  readonly metrics: Metrics;
  /** Called when clients can join. */
  readonly onListening: (url: string, directory: string) => void;
}

export async function openServed(
  setting: RunSetting,
  data: ClientData,
  { table, note }: RunTools,
  options: ServeOptions,
): Promise<Opened> {
  const { scenario, kernels, log, signal, profile } = setting;
  const { limits, metrics, enrolment } = options;
  const { begun, run, epoch, fresh } = openDirectory(setting, data, options);
  const { directory } = begun.store;
  const closing: (() => unknown)[] = [() => begun.store.close()];
  try {
    const { intake, found } = await Intake.start({ folder: join(directory, 'journal'), profile });
    closing.push(() => intake.stop());
    const { clients } = scenario.data.partition;
    const seats = new Seats(directory, clients);
    closing.push(() => seats.close());
    const admission = new Admission({ run, epoch, enrolment, nonceMs: limits.nonceMs });
    const { source, partition, model } = data;
    const pool = new RemotePool({
      run,
      scenario,
      datasetDigest: source.digest,
      parameters: model.layout.parameters,
      features: source.featureCount,
      classes: source.classCount,
      clients,
      examples: partition.examples,
      shardSize: (client) => partition.sizeOf(client),
      seats,
      enrolment,
      intake,
      found,
      limits,
      lostAfterMs: 1000 * scenario.serve.lostAfterSeconds,
      profile,
      observer: observe(metrics, log),
    });
    pool.farewell = { over: false, returnAfterMs: options.returnAfterMs };
    // What the checkpoint holds needs no journal.
    pool.forget(begun.start.rounds);
    const door = await openDoor({
      ...options,
      ...rooms(pool, admission, options, signal),
      maxPayload: pool.maxPayload,
    });
    pool.attach(door);
    options.onListening(door.url, directory);
    log.info({ run, epoch, url: door.url, directory, clients: seats.taken, open: found.length }, 'listening');
    const threads = Math.min(availableParallelism(), 8);
    const evaluator =
      source.test.examples === 0
        ? undefined
        : new ThreadedEvaluator(model, kernels, source.test.select(), threads, (thread, spent) =>
            table.add(`evaluation ${thread}`, spent),
          );
    return { begun, pool, evaluator, live: liveRun(setting, pool, metrics, note) };
  } catch (error) {
    for (const close of closing.reverse()) await close();
    // As with a run that finds something wrong before its first round, no directory is left.
    if (fresh) rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** What the door asks: who may come in, and what its pages say. */
function rooms(pool: RemotePool, admission: Admission, { metrics, limits }: ServeOptions, signal: AbortSignal) {
  const unready = () =>
    pool.broken === undefined ? (signal.aborted ? 'the coordinator stops' : undefined) : 'the disk failed';
  const refresh = () => {
    const { sockets } = pool.counts();
    metrics.connectionsAre(sockets);
    metrics.clientsAre(pool.members.readyCount);
  };
  return {
    limits,
    answer: pages({ admission, metrics, unready, refresh }),
    admit: ({ path, headers }: { path: string; headers: Parameters<Admission['judge']>[0] }) => {
      if (path !== '/join') return { refuse: 404, reason: 'clients join at /join' };
      if (unready() !== undefined)
        return { refuse: 503, reason: 'the coordinator stops for now', retryAfterSeconds: 2 };
      const judged = judgedBy(admission, headers);
      if ('refuse' in judged) return judged;
      return { accept: (socket: Parameters<RemotePool['accept']>[0]) => pool.accept(socket, judged) };
    },
    onRefused: (reason: string) => metrics.refused(refusalClass(reason)),
  };
}

/** Where the list of clients cannot be read now, nobody is told that he is not on it. */
function judgedBy(admission: Admission, headers: Parameters<Admission['judge']>[0]): ReturnType<Admission['judge']> {
  try {
    return admission.judge(headers);
  } catch {
    return { refuse: 503, reason: 'the list of clients cannot be read now' };
  }
}

function liveRun(
  { scenario, log }: RunSetting,
  pool: RemotePool,
  metrics: Metrics,
  note: (text: string) => void,
): LiveRun {
  const { serve, federation } = scenario;
  const rules = {
    quorum: serve.quorum ?? federation.cohort.size,
    overSelection: serve.overSelection,
    deadline: createDeadline(serve.deadlineSeconds),
    attempts: serve.attempts,
    note,
    onAttempt: (attempt: {
      round: number;
      attempt: number;
      committed: boolean;
      replies: number;
      closing: string | undefined;
      ms: number;
    }) => {
      metrics.roundBegan(attempt.round);
      if (!attempt.committed) metrics.attemptAbandoned();
      log.info(attempt, attempt.committed ? 'round committed' : 'round abandoned');
    },
  };
  return {
    rounds: (source) => liveRounds(source, pool, rules),
    shardSize: (client) => pool.shardSize(client),
    onSaved: (record) => {
      pool.forget(record.round + 1);
      metrics.roundCommitted();
      metrics.sent(record.bytesDown);
      metrics.received(record.bytesUp);
      metrics.phaseTook('announce', record.ms.broadcast);
      metrics.phaseTook('collect', record.ms.collect);
      metrics.phaseTook('aggregate', record.ms.aggregate);
      metrics.phaseTook('evaluate', record.ms.evaluate);
      if (record.testLoss !== null) metrics.evaluated({ accuracy: record.testAccuracy, loss: record.testLoss });
      for (const { code } of record.failures) metrics.replied(code);
    },
    onEnd: (outcome) => {
      const over = outcome !== 'interrupted' && outcome !== 'failed';
      pool.farewell = { ...pool.farewell, over };
    },
  };
}
