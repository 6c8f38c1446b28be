/** `fedtempo run SCENARIO`: runs a scenario, and each of its variants, to the end. */
import { type Command, Option } from 'commander';
import type { Summary } from '../../server/store/records.js';
import { FedtempoError } from '../../shared/errors.js';
import { type KernelsName, kernelNames } from '../../shared/kernels/choose.js';
import { exitCodes, tell } from '../exit.js';
import { createLog, type LogLevel, logLevels } from '../log.js';
import { addScenarioOptions, overridesOf, type ScenarioOptions } from '../options.js';
import { createProgress, silentProgress } from '../progress.js';
import { type FinishedRun, runScenario } from '../run-scenario.js';
import { locating, openScenario } from '../scenario-file.js';
import { bytes, duration, percent, short, table } from '../table.js';
import { timeTable } from '../time-table.js';

interface Options extends ScenarioOptions {
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly profile?: true;
  readonly kernels: KernelsName;
  readonly logLevel: LogLevel;
}

const EXAMPLES = `
Examples:
  fedtempo run scenarios/digits-quick.yaml                 a first run, in seconds
  fedtempo run scenarios/mnist-2nn.yaml --workers 4        four client processes
  fedtempo run scenarios/mnist-2nn.yaml --pool inline      the same bits in one process
  fedtempo run a.yaml --seed 7 --set schedules.learningRate=0.05
  fedtempo run a.yaml --set 'schedules.learningRate={kind: linear, start: 0.1, end: 0}'
  fedtempo run a.yaml --json --quiet > summary.json

Results are in runs/<name>-<seed>-<time>/: rounds.jsonl, clients.jsonl, checkpoint.safetensors, summary.json.
Exit code 0 done, 1 failed run, 2 bad input, 130 interrupted.`;

export function addRun(program: Command): void {
  const command = program
    .command('run')
    .summary('run a scenario')
    .description('Runs a scenario to its end: all its rounds, or until a target is reached.')
    .argument('<scenario>', 'scenario file, YAML or JSON')
    .addOption(new Option('--out <folder>', 'where run directories go').default('runs').env('FEDTEMPO_OUT'))
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
    .option('--json', 'print summary.json (a line for each run) to standard output')
    .option('--quiet', 'no progress')
    .option('--profile', "write trace.json into the run directory: open it in Chrome's chrome://tracing or in Perfetto")
    .addHelpText('after', EXAMPLES);
  addScenarioOptions(command).action(async (file: string, options: Options, command: Command) => {
    process.exitCode = await run(file, options, overridesOf(options, command));
  });
}

async function run(file: string, options: Options, overrides: readonly string[]): Promise<number> {
  const { runs, folder } = openScenario(file, overrides);
  const { out, kernels, profile = false } = options;
  const progress = options.quiet ? silentProgress : createProgress(process.stderr);
  const log = createLog(options.logLevel);
  const summaries: Summary[] = [];
  let exitCode: number = exitCodes.done;
  const stopping = interruptible();
  try {
    for (const { scenario, locate } of runs) {
      const finished = await locating(locate, () =>
        runScenario({ scenario, folder, out, kernels, progress, log, signal: stopping.signal, profile }),
      );
      summaries.push(finished.summary);
      if (options.json) process.stdout.write(`${JSON.stringify(finished.summary)}\n`);
      exitCode = outcome(finished);
      if (exitCode !== exitCodes.done) break;
    }
  } catch (error) {
    if (!stopping.signal.aborted || error instanceof FedtempoError) throw error;
    exitCode = exitCodes.interrupted;
  } finally {
    stopping.done();
  }
  if (!options.quiet && summaries.length > 0) process.stderr.write(`${closing(summaries)}\n`);
  return exitCode;
}

/** The exit code of a finished run, having told what ended it. */
function outcome({ summary, error }: FinishedRun): number {
  if (summary.outcome === 'interrupted') {
    process.stderr.write(`interrupted after ${summary.rounds} rounds; all of them are saved in ${summary.directory}\n`);
    return exitCodes.interrupted;
  }
  if (error === undefined) return exitCodes.done;
  tell(error);
  return exitCodes.failedRun;
}

/** The first Ctrl-C (or SIGTERM) asks the run to stop and save; a second one ends the process at once. */
function interruptible(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write('\nstopping after saving; press Ctrl-C again to stop at once\n');
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { signal: controller.signal, done: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}

/** A column for each run: one run, the usual case, then fits any terminal. */
function closing(summaries: readonly Summary[]): string {
  const facts: [string, (summary: Summary) => string][] = [
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
    ['digest', ({ digest }) => digest.slice(0, 16)],
  ];
  const rows = facts.map(([name, value]) => [name, ...summaries.map(value)]);
  const directories = summaries.map(({ directory }) => `results in ${directory}`);
  const times = summaries.length === 1 ? ['', timeTable(summaries[0].times)] : [];
  return ['', table(['run', ...summaries.map(({ name }) => name)], rows), ...times, '', ...directories].join('\n');
}
