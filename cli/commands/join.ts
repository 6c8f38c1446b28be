/** `fedtempo join URL`: clients of a coordinator on another machine. */
import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { openOwnData } from '../../client/data/own-data.js';
import { openIdentity } from '../../client/identity.js';
import { createTrainer, type Holding, type JoinEvent, type Joined, join } from '../../client/join/join.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { type KernelsName, kernelNames } from '../../shared/kernels/choose.js';
import { exitCodes, tell } from '../exit.js';
import { identityFolder, identityOption } from '../identity-folder.js';
import { integer } from '../options.js';
import { interruptible } from '../run-output.js';
import { versions } from '../versions.js';

interface Options {
  readonly data?: string;
  readonly label?: string;
  readonly scale?: number;
  readonly simulateShard?: number | true;
  readonly clients: number;
  readonly identity?: string;
  readonly token: readonly string[];
  readonly ca?: string;
  readonly pin: readonly string[];
  readonly kernels: KernelsName;
  readonly quiet?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  fedtempo join ws://127.0.0.1:7878 --simulate-shard                any client of the scenario, with its shard of the scenario's data
  fedtempo join ws://127.0.0.1:7878 --simulate-shard 3 --clients 4  clients 3, 4, 5 and 6
  fedtempo join wss://coordinator.example.org:7878 --ca ca.pem --token ft1_… --data patients.csv --label outcome
  fedtempo join wss://example.org/fedtempo --data ./scans           a folder with train-images and train-labels (IDX), or a .npz file

The first time, a key is made in the identity folder; a token (from fedtempo enroll at the coordinator) enrols it once, or
the coordinator enrols the key that fedtempo enroll --show-key prints. The coordinator learns the number of examples, features
and classes, and model updates; rows and labels never leave this machine.
It comes back by itself after failures of network or coordinator, and ends when the run is over.
Exit code 0 the run is over, 1 the client was refused or cannot take part, 2 bad input, 130 interrupted.`;

export function addJoin(program: Command): void {
  program
    .command('join')
    .summary('take part in a run as a client, with data of your own')
    .description('Joins a coordinator (fedtempo serve) with data of its own, or with a shard of the scenario’s data.')
    .argument('<url>', 'wss://host:port of the coordinator; ws:// on this machine')
    .option('--data <path>', 'own data: a .csv or .npz file, or a folder with IDX files')
    .option('--label <column>', 'of a CSV file: the column with the labels 0, 1, 2, …')
    .addOption(new Option('--scale <x>', 'what bytes of an IDX or NPZ set are divided by').argParser(number))
    .addOption(
      new Option(
        '--simulate-shard [k]',
        "client k's shard of the scenario's own data; of any free client without k",
      ).argParser(integer),
    )
    .addOption(
      new Option('--clients <n>', 'clients in this process; own data are dealt among them')
        .default(1)
        .argParser(integer),
    )
    .addOption(identityOption())
    .addOption(
      new Option('--token <token>', 'one-time token of fedtempo enroll; with --clients once for each of them')
        .default([], 'none')
        .argParser(many)
        .env('FEDTEMPO_TOKEN'),
    )
    .option('--ca <file>', 'certificate of the authority to believe, PEM')
    .option('--pin <pin>', 'sha256/… of the key that the coordinator must have; may be given several times', many, [])
    .addOption(
      new Option('--kernels <name>', 'arithmetic core; all give the same bits')
        .choices(kernelNames)
        .default(kernelNames[0])
        .env('FEDTEMPO_KERNELS'),
    )
    .option('--json', 'a line of JSON to standard output for each event')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: Options) => {
      process.exitCode = await run(url, options);
    });
}

const many = (value: string, before: readonly string[]) => [...before, value];

async function run(url: string, options: Options): Promise<number> {
  const holding = await holdingOf(options);
  const { clients, token: tokens, ca, pin: pins, kernels } = options;
  if (clients < 1 || clients > 10_000) throw invalid('--clients', String(clients), '1 to 10000');
  const folder = identityFolder(options.identity);
  const identities = Array.from({ length: clients }, (_, part) =>
    openIdentity(part === 0 ? folder : joinPath(folder, String(part))),
  );
  const trust = { ca: ca === undefined ? undefined : readCa(ca), pins };
  const trainer = createTrainer(holding, kernels);
  const stopping = interruptible('leaving; press Ctrl-C again to stop at once');
  const failing = new AbortController();
  const signal = AbortSignal.any([stopping.signal, failing.signal]);
  const software = `fedtempo ${versions().version}`;
  const { simulateShard } = options;
  try {
    const joined = identities.map((identity, part) => {
      const client = typeof simulateShard === 'number' ? simulateShard + part : undefined;
      const onEvent = (event: JoinEvent) => tellEvent(event, part, options);
      const token = tokens[part];
      return join({ url, identity, token, client, trainer, part, signal, onEvent, software, ...trust });
    });
    // One that can never take part ends them all: whoever started them learns of it.
    const ends: Joined[] = await Promise.all(joined).catch(async (error) => {
      failing.abort();
      await Promise.allSettled(joined);
      throw error;
    });
    if (ends.every(({ over }) => over)) {
      if (!options.quiet) process.stderr.write(`${ends[0].reason}\n`);
      return exitCodes.done;
    }
    return exitCodes.interrupted;
  } catch (error) {
    return tell(error);
  } finally {
    trainer.stop();
    stopping.done();
  }
}

async function holdingOf({ data, label, scale, simulateShard, clients }: Options): Promise<Holding> {
  if (simulateShard !== undefined) {
    if (label !== undefined)
      throw invalid('--label', '--label with --simulate-shard', 'no label: the data are the scenario’s');
    return { kind: 'simulated', folder: data };
  }
  if (data === undefined) throw invalid('--data', 'neither --data nor --simulate-shard', 'one of the two');
  const own = await openOwnData({
    path: data,
    ...(label === undefined ? {} : { label }),
    ...(scale === undefined ? {} : { scale }),
  });
  if (own.examples < clients)
    throw invalid('--clients', `${clients} clients with ${own.examples} examples`, 'at least one example a client');
  return { kind: 'own', data: own, parts: clients };
}

function tellEvent(event: JoinEvent, part: number, { clients, json, quiet }: Options): void {
  if (json) process.stdout.write(`${JSON.stringify({ part, ...event })}\n`);
  if (quiet) return;
  const who = clients > 1 && event.type === 'away' ? `[${part}] ` : '';
  const text = textOf(event);
  if (text !== undefined) process.stderr.write(`${who}${text}\n`);
}

function textOf(event: JoinEvent): string | undefined {
  switch (event.type) {
    case 'joined':
      return `joined as client ${event.client}`;
    case 'training':
      return `round ${event.round + 1}: client ${event.client} trains`;
    case 'answered': {
      const reason = event.reason === '' ? '' : `: ${event.reason}`;
      return `round ${event.round + 1}: update of client ${event.client} ${event.answer}${reason}`;
    }
    case 'away':
      return `! ${event.reason}; again in ${(event.againInMs / 1000).toFixed(1)} s`;
  }
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FedtempoError('TLS_INVALID', "the authority's certificate cannot be read", {
      where: '--ca',
      found: messageOf(error),
      expected: 'a PEM file, such as the ca.pem of fedtempo certs',
    });
  }
}

function number(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

function invalid(where: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('DATASET_INVALID', 'the options do not fit together', {
    where,
    found,
    expected,
    fix: 'see fedtempo join --help',
  });
}
