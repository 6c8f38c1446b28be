/** `fedtempo replay RUN`: does a run again, or one client's update of it, and compares digests with those recorded. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { FedtempoError } from '../../shared/errors.js';
import { exitCodes, tell } from '../exit.js';
import { createLog } from '../log.js';
import { addPoolOptions, integer, overridesOf, type PoolOptions } from '../options.js';
import { createProgress, silentProgress } from '../progress.js';
import { exportReplay } from '../replay/export-replay.js';
import { type Replayed, replayRun } from '../replay/replay-run.js';
import { type Audit, replayWhole } from '../replay/replay-whole.js';
import type { ReplaySetting } from '../replay/run-again.js';
import { addOutputOptions, interruptible, type OutputOptions } from '../run-output.js';

interface Options extends PoolOptions, OutputOptions {
  readonly round?: number;
  readonly client?: number;
  readonly export?: string;
}

/** One client's update, where it is one that is asked for. */
interface Asked {
  readonly round: number;
  readonly client: number;
}

type Task = ReplaySetting & { readonly directory: string; readonly overrides: readonly string[] };

const EXAMPLES = `
Examples:
  fedtempo replay runs/digits-quick-1-2026-01-31-120000                         the whole run: every round, every update
  fedtempo replay runs/digits-quick-1-2026-01-31-120000 --workers 4 --json      {"rounds":50,"updates":250, … "same":true, …}
  fedtempo replay runs/digits-quick-1-2026-01-31-120000 --round 17 --client 4
  fedtempo replay runs/digits-quick-1-2026-01-31-120000 --round 17 --client 4 --export audit
  python bench/peers/replay_torch.py audit                                      the same step by step, in PyTorch

Rounds and clients are numbered from 0, as in rounds.jsonl and clients.jsonl. Without them the run is done again from its first
weights; the weights of every round and every update that was counted are compared with the records, and the first that
differs is named. For one update the rounds before are run again from the nearest checkpoint. Clients that were lost then are left
out, and a served run (fedtempo serve) is replayed with the cohorts that it asked; clients with data of their own cannot be.
--export writes before.safetensors, update.safetensors (local - global), shard.safetensors (features, labels) and
replay.json: batches and rates, step by step.
Exit code 0 the same bits, 1 other ones, 2 bad input, 130 interrupted.`;

export function addReplay(program: Command): void {
  const command = program
    .command('replay')
    .summary("compute a run again, or one client's update of it")
    .description(
      "Computes a run again, or one client's update of it, and says whether it has the bits that were recorded.",
    )
    .argument('<run>', 'run directory')
    .addOption(new Option('--round <r>', 'with --client: one update, of this round, from 0').argParser(integer))
    .addOption(new Option('--client <c>', 'with --round: one update, of this client, from 0').argParser(integer))
    .option('--export <folder>', 'write the task and its update for other programs')
    .addHelpText('after', EXAMPLES);
  addOutputOptions(addPoolOptions(command), 'print the verdict as JSON').action(
    async (run: string, options: Options) => {
      const asked = askedOf(options, command);
      // Threads are the fastest place to do rounds again.
      const overrides = ['pool.kind=worker', ...overridesOf(options, command)];
      process.exitCode = await replay(resolve(run), options, asked, overrides);
    },
  );
}

function askedOf({ round, client, export: folder }: Options, command: Command): Asked | undefined {
  if (round !== undefined && client !== undefined) return { round, client };
  if (round !== undefined)
    command.error("error: option '--round <r>' needs '--client <c>'; without both, the whole run");
  if (client !== undefined)
    command.error("error: option '--client <c>' needs '--round <r>'; without both, the whole run");
  if (folder !== undefined) command.error("error: option '--export <folder>' needs '--round <r>' and '--client <c>'");
  return undefined;
}

async function replay(
  directory: string,
  options: Options,
  asked: Asked | undefined,
  overrides: readonly string[],
): Promise<number> {
  const { kernels, quiet, logLevel } = options;
  const progress = quiet ? silentProgress : createProgress(process.stderr);
  const stopping = interruptible('stopping; press Ctrl-C again to stop at once');
  const { signal } = stopping;
  try {
    const task = { directory, overrides, kernels, progress, log: createLog(logLevel), signal };
    return asked === undefined ? await whole(task, options) : await update(task, asked, options);
  } catch (error) {
    if (!signal.aborted || error instanceof FedtempoError) return tell(error);
    return exitCodes.interrupted;
  } finally {
    stopping.done();
  }
}

async function whole(task: Task, { json }: Options): Promise<number> {
  const audit = await replayWhole(task);
  if (audit === undefined) return exitCodes.interrupted;
  const { differs } = audit;
  if (json) process.stdout.write(`${JSON.stringify(factsOf(audit))}\n`);
  if (differs !== undefined) return tell(differs.error);
  if (!json) process.stdout.write(inWords(audit));
  return exitCodes.done;
}

function factsOf({ rounds, updates, leftOut, digest, differs }: Audit) {
  const where = differs === undefined ? null : { round: differs.round, client: differs.client };
  return { rounds, updates, leftOut, same: differs === undefined, digest, differs: where };
}

function inWords({ rounds, updates, leftOut, digest }: Audit): string {
  const done = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ${updates} ${updates === 1 ? 'update' : 'updates'}`;
  const without =
    leftOut === 0
      ? ''
      : `  left out, as in the run: ${leftOut} ${leftOut === 1 ? 'client' : 'clients'} that did not reply in time or at all\n`;
  return `${done}: the same, bit for bit\n  digest: ${digest}\n${without}`;
}

async function update(task: Task, asked: Asked, options: Options): Promise<number> {
  const replayed = await replayRun({ ...task, ...asked });
  if (replayed.task === undefined) return exitCodes.interrupted;
  if (options.export !== undefined) exportReplay(resolve(options.export), task.directory, replayed);
  return verdict(replayed, asked, options);
}

function verdict(
  { task, recordedDigest, fault, from, verified }: Replayed,
  { round, client }: Asked,
  { json }: Options,
): number {
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
