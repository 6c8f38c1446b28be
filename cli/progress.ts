/** Shows a run as it goes: a table that grows and a live line on a terminal, plain lines elsewhere, nothing if quiet. */
import type { RoundRecord } from '../server/store/records.js';
import { createRule, isAsynchronous } from '../shared/federation/algorithm.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { plannedFailures } from '../shared/training/reply.js';
import { duration, percent, short } from './table.js';

export interface Progress {
  /** @param done rounds that were done before, of a run that goes on */
  start(scenario: Scenario, facts: string, done: number): void;
  round(record: RoundRecord): void;
  /** Something a person may want to know, such as a client process that was started again. */
  note(text: string): void;
  /** Ends the display, so that other text may follow. */
  stop(): void;
}

/** Lines that a run's table gets, at most, about; plain lines come at least this far apart. */
const TABLE_ROWS = 25;
const PLAIN_EVERY_MS = 2000;
const BAR_WIDTH = 24;

export const silentProgress: Progress = { start() {}, round() {}, note() {}, stop() {} };

const WIDTHS = [6, 12, 11, 13, 14, 6, 8, 10, 14];
const HEAD = ['round', 'train loss', 'test loss', 'test accuracy', 'learning rate', 'batch', 'replies', 'time'];

function row(cells: readonly string[]): string {
  return cells.map((cell, column) => cell.padStart(WIDTHS[column])).join(' ');
}

/** The column that runs with a device model have besides. */
const VIRTUAL = 'simulated time';

function cellsOf(record: RoundRecord, cohort: number): string[] {
  const { simulatedSeconds } = record;
  return [
    String(record.round + 1),
    short(record.trainLoss),
    short(record.testLoss),
    percent(record.testAccuracy),
    short(record.learningRate),
    String(record.batchSize),
    `${record.replies}/${cohort}`,
    duration(record.ms.total),
    ...(simulatedSeconds === null ? [] : [duration(1000 * simulatedSeconds)]),
  ];
}

/** Replies that a round waits for. */
function expected({ federation: { algorithm, cohort } }: Scenario): number {
  return isAsynchronous(algorithm) ? createRule(algorithm).bufferSize : cohort.size;
}

/** @param out standard error: standard output is for results */
export function createProgress(out: NodeJS.WriteStream): Progress {
  const live = out.isTTY === true;
  let scenario: Scenario | undefined;
  let began = 0;
  let before = 0;
  let lastLine = Number.NEGATIVE_INFINITY;
  const clear = () => live && out.write('\r\x1b[K');
  const print = (text: string) => {
    clear();
    out.write(`${text}\n`);
  };

  return {
    start(started, facts, done) {
      scenario = started;
      before = done;
      began = performance.now();
      lastLine = Number.NEGATIVE_INFINITY;
      print(`${started.name} · seed ${started.seed} · ${facts}`);
      print(row(started.devices === undefined ? HEAD : [...HEAD, VIRTUAL]));
    },
    round(record) {
      if (scenario === undefined) return;
      const { rounds } = scenario.federation;
      const done = record.round + 1;
      const now = performance.now();
      const everyRounds = Math.max(1, Math.ceil(rounds / TABLE_ROWS));
      const due = live ? done % everyRounds === 0 || done === 1 : now - lastLine > PLAIN_EVERY_MS;
      const failed = record.failures.some(({ code, fault }) => fault === undefined && !plannedFailures.has(code));
      if (due || done === rounds || failed) {
        lastLine = now;
        print(row(cellsOf(record, expected(scenario))));
      }
      if (!live) return;
      const filled = Math.round((BAR_WIDTH * done) / rounds);
      const bar = '━'.repeat(filled) + '╌'.repeat(BAR_WIDTH - filled);
      const left = duration(((now - began) / (done - before)) * (rounds - done));
      const facts = `${record.simulatedSeconds === null ? '' : `simulated ${duration(1000 * record.simulatedSeconds)} · `}loss ${short(record.trainLoss)} · accuracy ${percent(record.testAccuracy)} · η ${short(record.learningRate)} · B ${record.batchSize} · cohort ${record.replies}/${expected(scenario)}`;
      const text = `${bar} round ${done}/${rounds} · ${facts} · at most ${left} left`;
      clear();
      out.write([...text].slice(0, Math.max(20, (out.columns ?? 80) - 1)).join(''));
    },
    note(text) {
      print(`! ${text}`);
    },
    stop() {
      clear();
      scenario = undefined;
    },
  };
}
