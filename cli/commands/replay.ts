/** `fedtempo replay RUN --round R --client C`: computes one client's update again and compares its digest. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { FedtempoError } from '../../shared/errors.js';
import { exitCodes, tell } from '../exit.js';
import { createLog } from '../log.js';
import { addPoolOptions, integer, overridesOf, type PoolOptions } from '../options.js';
import { createProgress, silentProgress } from '../progress.js';
import { exportReplay } from '../replay/export-replay.js';
import { type Replayed, replayRun } from '../replay/replay-run.js';
import { addOutputOptions, interruptible, type OutputOptions } from '../run-output.js';

interface Options extends PoolOptions, OutputOptions {
  readonly round: number;
  readonly client: number;
  readonly export?: string;
}

const EXAMPLES = `
Examples:
  fedtempo replay runs/digits-quick-1-2026-01-31-120000 --round 17 --client 4
  fedtempo replay runs/digits-quick-1-2026-01-31-120000 --round 17 --client 4 --export audit
  python bench/peers/replay_torch.py audit                                      the same step by step, in PyTorch

Rounds and clients are numbered from 0, as in rounds.jsonl and clients.jsonl. The rounds before are run again from the
nearest checkpoint, and the weights of each compared with rounds.jsonl. --export writes before.safetensors,
update.safetensors (local - global), shard.safetensors (features, labels) and replay.json: batches and rates, step by step.
Exit code 0 the same bits, 1 other ones, 2 bad input, 130 interrupted.`;

export function addReplay(program: Command): void {
  const command = program
    .command('replay')
    .summary("compute one client's update again")
    .description("Computes one client's update of a run again, and says whether it has the bits that were recorded.")
    .argument('<run>', 'run directory')
    .addOption(new Option('--round <r>', 'which round, from 0').argParser(integer).makeOptionMandatory())
    .addOption(new Option('--client <c>', 'which client, from 0').argParser(integer).makeOptionMandatory())
    .option('--export <folder>', 'write the task and its update for other programs')
    .addHelpText('after', EXAMPLES);
  addOutputOptions(addPoolOptions(command), 'print the verdict as JSON').action(
    async (run: string, options: Options) => {
      // Threads are the fastest place to do rounds again.
      const overrides = ['pool.kind=worker', ...overridesOf(options, command)];
      process.exitCode = await replay(resolve(run), options, overrides);
    },
  );
}

async function replay(directory: string, options: Options, overrides: readonly string[]): Promise<number> {
  const { round, client, kernels, quiet, logLevel } = options;
  const progress = quiet ? silentProgress : createProgress(process.stderr);
  const stopping = interruptible('stopping; press Ctrl-C again to stop at once');
  const { signal } = stopping;
  try {
    const log = createLog(logLevel);
    const replayed = await replayRun({ directory, round, client, overrides, kernels, progress, log, signal });
    if (replayed.task === undefined) return exitCodes.interrupted;
    if (options.export !== undefined) exportReplay(resolve(options.export), directory, replayed);
    return verdict(replayed, options);
  } catch (error) {
    if (!signal.aborted || error instanceof FedtempoError) return tell(error);
    return exitCodes.interrupted;
  } finally {
    stopping.done();
  }
}

function verdict({ task, recordedDigest, fault, from, verified }: Replayed, { round, client, json }: Options): number {
  const counted = task?.counted;
  const digest = counted?.kind === 'update' ? counted.updateDigest : null;
  const same = digest === recordedDigest;
  if (json) {
    const facts = { round, client, same, digest, recordedDigest, fault: fault ?? null, from, verified };
    process.stdout.write(`${JSON.stringify(facts)}\n`);
  } else {
    const found = digest ?? `no update: ${counted?.kind === 'failure' ? counted.reason : ''}`;
    const begin = from === 0 ? 'from the start' : `from the checkpoint after ${from} rounds`;
    const way = `${verified} ${verified === 1 ? 'round' : 'rounds'} run again, each with the recorded weights`;
    const kind = fault === undefined ? '' : ` (with the fault of the scenario: ${fault})`;
    process.stdout.write(
      `round ${round}, client ${client}: ${same ? 'the same update, bit for bit' : 'ANOTHER update'}${kind}\n` +
        `  recorded: ${recordedDigest}\n  replayed: ${found}\n  ${begin}: ${way}\n`,
    );
  }
  return same ? exitCodes.done : exitCodes.failedRun;
}
