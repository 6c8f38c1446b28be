/** `fedtempo resume RUN`: goes on with a run that was interrupted or killed. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FedtempoError } from '../../shared/errors.js';
import { exitCodes, tell } from '../exit.js';
import { createLog } from '../log.js';
import { addPoolOptions, overridesOf, type PoolOptions } from '../options.js';
import { createProgress, silentProgress } from '../progress.js';
import { resumeRun } from '../resume-run.js';
import { addRunOutputOptions, closing, exitCodeOf, interruptible, type RunOutputOptions } from '../run-output.js';

type Options = PoolOptions & RunOutputOptions;

const EXAMPLES = `
Examples:
  fedtempo resume runs/mnist-2nn-1-2026-01-31-120000                   the result that the run would have had
  fedtempo resume runs/mnist-2nn-1-2026-01-31-120000 --pool worker     in another pool: the same bits

It goes on from checkpoint.safetensors, or from the one before it if that one is damaged; rounds after the checkpoint are
done again. A run that has ended is not run again.
Exit code 0 done, 1 failed run, 2 bad input, 130 interrupted.`;

export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .summary('go on with an interrupted run')
    .description('Goes on with a run that was interrupted or killed, to the same bits as if it had not been.')
    .argument('<run>', 'run directory')
    .addHelpText('after', EXAMPLES);
  addRunOutputOptions(addPoolOptions(command)).action(async (run: string, options: Options, command: Command) => {
    process.exitCode = await resume(resolve(run), options, overridesOf(options, command));
  });
}

async function resume(directory: string, options: Options, overrides: readonly string[]): Promise<number> {
  const { kernels, quiet, json, logLevel, profile = false } = options;
  const progress = quiet ? silentProgress : createProgress(process.stderr);
  const stopping = interruptible();
  const { signal } = stopping;
  try {
    const log = createLog(logLevel);
    const finished = await resumeRun({ directory, overrides, kernels, progress, log, signal, profile });
    const { summary, ended } = finished;
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    if (ended && !quiet) process.stderr.write(`the run has ended already, by ${summary.outcome}; nothing was run\n`);
    const exitCode = exitCodeOf(finished);
    if (!quiet) process.stderr.write(`${closing([summary])}\n`);
    return ended && summary.outcome === 'diverged' ? exitCodes.failedRun : exitCode;
  } catch (error) {
    if (!signal.aborted || error instanceof FedtempoError) return tell(error);
    return exitCodes.interrupted;
  } finally {
    stopping.done();
  }
}
