/** What the commands that run things share: where output goes, Ctrl-C, and how the end of a run is told. */
import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import type { Summary } from '../server/store/records.js';
import { type KernelsName, kernelNames } from '../shared/kernels/choose.js';
import type { FinishedRun } from './conduct.js';
import { exitCodes, tell } from './exit.js';
import { type LogLevel, logLevels } from './log.js';
import { bytes, duration, percent, short, table } from './table.js';
import { timeTable } from './time-table.js';

export interface OutputOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly kernels: KernelsName;
  readonly logLevel: LogLevel;
}

export interface RunOutputOptions extends OutputOptions {
  readonly profile?: true;
}

/** @param json what is printed with it */
export function addOutputOptions(command: Command, json: string): Command {
  return command
    .addOption(
      new Option('--kernels <name>', 'arithmetic core; all give the same bits')
        .choices(kernelNames)
        .default(kernelNames[0])
        .env('FEDTEMPO_KERNELS'),
    )
    .addOption(
      new Option('--log-level <level>', 'JSON log lines on standard error')
        .choices(logLevels)
        .default('silent')
        .env('FEDTEMPO_LOG_LEVEL'),
    )
    .option('--json', json)
    .option('--quiet', 'no progress');
}

export function addRunOutputOptions(command: Command): Command {
  return addOutputOptions(command, 'print summary.json (a line for each run) to standard output').option(
    '--profile',
    "write trace.json into the run directory: open it in Chrome's chrome://tracing or in Perfetto",
  );
}

/** The exit code of a finished run, having told what ended it. @param resume the command that goes on with it */
export function exitCodeOf({ summary, error }: FinishedRun, resume = resumeCommand(summary.directory)): number {
  if (summary.outcome === 'interrupted') {
    const rounds = `${summary.rounds} ${summary.rounds === 1 ? 'round' : 'rounds'}`;
    process.stderr.write(`interrupted after ${rounds}, saved. Go on with: ${resume}\n`);
    return exitCodes.interrupted;
  }
  if (error === undefined) return exitCodes.done;
  tell(error);
  // One that diverged would diverge again; of others the cause can be mended.
  if (summary.outcome === 'failed') process.stderr.write(`go on with: ${resume}\n`);
  return exitCodes.failedRun;
}

/** The first Ctrl-C (or SIGTERM) asks the run to stop and save; a second one ends the process at once. */
export function interruptible(text = 'stopping after saving; press Ctrl-C again to stop at once'): {
  signal: AbortSignal;
  done: () => void;
} {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write(`\n${text}\n`);
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { signal: controller.signal, done: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}

function resumeCommand(directory: string): string {
  return `fedtempo resume ${pasteable(directory)}`;
}

/** A path as it can be pasted into the shell that is at hand. */
export function pasteable(path: string): string {
  const near = relative('', path);
  const shortest = near.startsWith('..') || near === '' ? path : near;
  return /^[\w./\\:-]+$/.test(shortest) ? shortest : `"${shortest}"`;
}

type Fact = [string, (summary: Summary) => string];

const simulatedFacts: Fact[] = [
  ['simulated time', ({ simulatedSeconds }) => simulated(simulatedSeconds, (seconds) => duration(1000 * seconds))],
  [
    'simulated energy',
    ({ simulatedJoules }) => simulated(simulatedJoules, (joules) => `${(joules / 1000).toFixed(1)} kJ`),
  ],
  ['simulated bytes', ({ simulatedBytes }) => simulated(simulatedBytes, bytes)],
];

function simulated(value: number | null, text: (value: number) => string): string {
  return value === null ? '–' : text(value);
}

/** A column for each run: one run, the usual case, then fits any terminal. */
export function closing(summaries: readonly Summary[]): string {
  const facts: Fact[] = [
    ['seed', ({ seed }) => String(seed)],
    ['ended by', ({ outcome }) => outcome],
    ['rounds', ({ rounds }) => String(rounds)],
    ['test accuracy', ({ finalAccuracy }) => percent(finalAccuracy)],
    ['best accuracy', ({ bestAccuracy }) => percent(bestAccuracy)],
    ['test loss', ({ finalLoss }) => short(finalLoss)],
    ['local steps', ({ steps }) => String(steps)],
    ['failures', ({ failures }) => String(failures)],
    ['bytes down, up', ({ bytesDown, bytesUp }) => `${bytes(bytesDown)}, ${bytes(bytesUp)}`],
    ['time', ({ wallMs }) => duration(wallMs)],
    ...(summaries.some(({ simulatedSeconds }) => simulatedSeconds !== null) ? simulatedFacts : []),
    ['digest', ({ digest }) => digest.slice(0, 16)],
  ];
  const rows = facts.map(([name, value]) => [name, ...summaries.map(value)]);
  const directories = summaries.map(({ directory }) => `results in ${directory}`);
  const times = summaries.length === 1 ? ['', timeTable(summaries[0].times)] : [];
  return ['', table(['run', ...summaries.map(({ name }) => name)], rows), ...times, '', ...directories].join('\n');
}
