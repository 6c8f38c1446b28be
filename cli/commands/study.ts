/** `fedtempo study FILE`: runs every arm for every seed and compares them. */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { writeDurably } from '../../server/store/durable.js';
import { lockFolder } from '../../server/store/folder-lock.js';
import { FileTrialStore } from '../../server/study/file-trial-store.js';
import { FedtempoError } from '../../shared/errors.js';
import { resultOf } from '../../shared/study/result.js';
import { exitCodes, tell } from '../exit.js';
import { type OpenedStudy, openStudy } from '../study/open-study.js';
import { reportPage } from '../study/report/page.js';
import { type FailedTrial, type RanTrials, runTrials } from '../study/run-trials.js';
import { createStudyProgress, silentStudyProgress } from '../study/study-progress.js';
import { csvResult, textResult } from '../study/text-result.js';
import { versions } from '../versions.js';

interface Options {
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
}

const EXAMPLES = `
Examples:
  fedtempo study scenarios/studies/digits-rates.study.yaml                  a first study, in seconds
  fedtempo study scenarios/studies/decay-vs-grow-batch.study.yaml           a schedule against another, in minutes
  fedtempo study a.study.yaml --json --quiet > result.json

Results are in studies/<name>/: report.html, result.csv, result.json, and a run directory for each trial in runs/.
The same command goes on where a study was interrupted; trials that are done are not run again.
Exit code 0 done, 1 a trial failed, 2 bad input, 130 interrupted.`;

export function addStudy(program: Command): void {
  program
    .command('study')
    .summary('compare arms of a scenario over seeds')
    .description('Runs the arms of a study for each of its seeds and reports what can be said of their differences.')
    .argument('<study>', 'study file, YAML or JSON')
    .addOption(new Option('--out <folder>', 'where folders of studies go').default('studies').env('FEDTEMPO_OUT'))
    .option('--json', 'print result.json to standard output')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: Options) => {
      process.exitCode = await study(file, options);
    });
}

async function study(file: string, { out, json, quiet }: Options): Promise<number> {
  const opened = await openStudy(file);
  const { name, atOnce = availableParallelism() } = opened.study;
  const { trials } = opened.plan;
  const folder = resolve(out, name);
  const unlock = lockFolder(folder, 'study');
  const progress = quiet ? silentStudyProgress : createStudyProgress(process.stderr, name, trials, atOnce);
  const stopping = interruptible();
  try {
    const ran = await runTrials(opened, new FileTrialStore(folder), atOnce, progress, stopping.signal);
    progress.stop();
    if (stopping.signal.aborted) {
      const done = ran.records.length - ran.failed.length;
      const again = `fedtempo study ${file}${out === 'studies' ? '' : ` --out ${out}`}`;
      process.stderr.write(`interrupted; ${done} of ${trials.length} trials are done and kept. Go on with: ${again}\n`);
      return exitCodes.interrupted;
    }
    const text = writeResult(opened, ran, folder, json === true);
    if (!quiet) process.stderr.write(`\n${text}\n\npage in ${join(folder, 'report.html')}\n`);
    return ran.failed.length === 0 ? exitCodes.done : tell(trialsFailed(ran.failed, folder));
  } finally {
    progress.stop();
    stopping.done();
    unlock();
  }
}

/** Writes page, CSV and JSON; the result as text. */
function writeResult({ study, plan }: OpenedStudy, { records }: RanTrials, folder: string, json: boolean): string {
  const result = resultOf(study, plan, records);
  const { version, node, platform, processor } = versions();
  const machine = { version, node, platform, processor, cores: availableParallelism() };
  const resultJson = `${JSON.stringify({ ...result, machine }, undefined, 2)}\n`;
  writeDurably(join(folder, 'result.json'), resultJson);
  writeDurably(join(folder, 'result.csv'), csvResult(result));
  writeDurably(join(folder, 'report.html'), reportPage(result, records, machine));
  if (json) process.stdout.write(resultJson);
  return textResult(result);
}

function trialsFailed(failed: readonly FailedTrial[], folder: string): FedtempoError {
  const reasons = failed.map(({ trial, reason }) => `${trial.arm}, seed ${trial.seed}: ${reason}`);
  return new FedtempoError('TRIAL_FAILED', `${failed.length} trials ended without a result`, {
    where: folder,
    found: reasons.join('\n'),
    expected: 'every trial to end after its last round',
    fix: 'mend the cause and give the same command: only these trials are run again',
  });
}

/** The first Ctrl-C (or SIGTERM) ends the trials under way; done ones are kept. */
function interruptible(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const onSignal = () => controller.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { signal: controller.signal, done: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}
