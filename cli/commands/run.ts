/** `fedtempo run SCENARIO`: runs a scenario, and each of its variants, to the end. */
import { type Command, Option } from 'commander';
import type { Summary } from '../../server/store/records.js';
import { FedtempoError } from '../../shared/errors.js';
import { exitCodes } from '../exit.js';
import { createLog } from '../log.js';
import { addScenarioOptions, overridesOf, type ScenarioOptions } from '../options.js';
import { createProgress, silentProgress } from '../progress.js';
import { addRunOutputOptions, closing, exitCodeOf, interruptible, type RunOutputOptions } from '../run-output.js';
import { runScenario } from '../run-scenario.js';
import { locating, openScenario } from '../scenario-file.js';

interface Options extends ScenarioOptions, RunOutputOptions {
  readonly out: string;
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
An interrupted run goes on with fedtempo resume.
Exit code 0 done, 1 failed run, 2 bad input, 130 interrupted.`;

export function addRun(program: Command): void {
  const command = program
    .command('run')
    .summary('run a scenario')
    .description('Runs a scenario to its end: all its rounds, or until a target is reached.')
    .argument('<scenario>', 'scenario file, YAML or JSON')
    .addOption(new Option('--out <folder>', 'where run directories go').default('runs').env('FEDTEMPO_OUT'))
    .addHelpText('after', EXAMPLES);
  addRunOutputOptions(addScenarioOptions(command)).action(async (file: string, options: Options, command: Command) => {
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
      exitCode = exitCodeOf(finished);
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
