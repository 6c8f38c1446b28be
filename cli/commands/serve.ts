/** `fedtempo serve SCENARIO`: coordinates clients on other machines. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Metrics } from '../../server/http/metrics.js';
import { Enrolment } from '../../server/remote/enrolment.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { conduct } from '../conduct.js';
import { exitCodes, tell } from '../exit.js';
import { createLog } from '../log.js';
import { addSettingOptions, integer, overridesOf, type ScenarioOptions } from '../options.js';
import { createProgress, silentProgress } from '../progress.js';
import {
  addRunOutputOptions,
  closing,
  exitCodeOf,
  interruptible,
  pasteable,
  type RunOutputOptions,
} from '../run-output.js';
import { locating, openScenario } from '../scenario-file.js';
import { limitOption, limitsOf } from '../serve/limits-option.js';
import { openServed, type ServeOptions } from '../serve/open-served.js';
import { refuseUnsafe } from '../serve/protection.js';
import { refuseUnserved } from '../serve/refuse-unserved.js';
import { endedRun } from '../serve/run-directory.js';

interface Options extends ScenarioOptions, RunOutputOptions {
  readonly host: string;
  readonly port: number;
  readonly run?: string;
  readonly out: string;
  readonly enrolment?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: true;
  readonly prefix: string;
  readonly trustedProxy: readonly string[];
  readonly allowHost: readonly string[];
  readonly allowOrigin: readonly string[];
  readonly limit: readonly string[];
  readonly returnAfter: number;
}

const EXAMPLES = `
Examples:
  fedtempo serve scenario.yaml                                 on this machine alone: ws://127.0.0.1:7878
  fedtempo join ws://127.0.0.1:7878 --simulate-shard           a client of it, in another terminal

  fedtempo enroll                                              prints a one-time token for a client
  fedtempo certs --host coordinator.example.org                a certificate for trying it out
  fedtempo serve scenario.yaml --run runs/trial --host 0.0.0.0 \\
    --enrolment enrolment --tls-cert certs/server.pem --tls-key certs/server-key.pem

It waits for serve.quorum clients (the size of the cohort), then runs. The same command with --run goes on with a run that was
interrupted or killed: nothing that a client was told counts is lost, and its round goes on where it was.
Ctrl-C or SIGTERM saves, tells the clients to come back, and exits with 130.
/healthz, /readyz and (from this machine) /metrics answer on the same port. docs/tutorial-machines.md shows it all.
Exit code 0 done, 1 failed run, 2 bad input, 130 interrupted.`;

const many = (value: string, before: readonly string[]) => [...before, value];

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('run a scenario with clients on other machines')
    .description('Coordinates real clients: they join from other machines, with data of their own or simulated shards.')
    .argument('<scenario>', 'scenario file, YAML or JSON')
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1').env('FEDTEMPO_HOST'))
    .addOption(new Option('--port <n>', 'port; 0 takes a free one').default(7878).env('FEDTEMPO_PORT').argParser(port))
    .addOption(new Option('--run <folder>', 'the run directory: made, or gone on with').env('FEDTEMPO_RUN'))
    .addOption(
      new Option('--out <folder>', 'where run directories go without --run').default('runs').env('FEDTEMPO_OUT'),
    )
    .addOption(new Option('--enrolment <folder>', 'who may join (see fedtempo enroll)').env('FEDTEMPO_ENROLMENT'))
    .option('--tls-cert <file>', 'certificate chain, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--insecure', 'serve other machines without enrolment or TLS: whoever reaches the port may take part')
    .option('--prefix <path>', 'path below which clients come, behind a reverse proxy', prefix, '')
    .option(
      '--trusted-proxy <address>',
      'reverse proxy, address or CIDR range, whose X-Forwarded-For is believed',
      many,
      [],
    )
    .option('--allow-host <name>', 'Host header that is accepted; any if left out', many, [])
    .option('--allow-origin <origin>', 'web page that may connect; none if left out', many, [])
    .option('--return-after <seconds>', 'when clients shall come back after Ctrl-C', integer, 2)
    .addOption(limitOption())
    .addHelpText('after', EXAMPLES);
  addRunOutputOptions(addSettingOptions(command)).action(async (file: string, options: Options, command: Command) => {
    process.exitCode = await serve(file, options, overridesOf(options, command));
  });
}

async function serve(file: string, options: Options, overrides: readonly string[]): Promise<number> {
  const { kernels, quiet, json, profile = false } = options;
  const { runs, folder } = openScenario(file, overrides);
  const [{ scenario, locate }, ...variants] = runs;
  await locating(locate, async () => refuseUnserved(scenario));
  const settings = settingsOf(options);
  const progress = quiet ? silentProgress : createProgress(process.stderr);
  const log = createLog(options.logLevel);
  const ended = endedRun(options.run);
  if (ended !== undefined) {
    if (json) process.stdout.write(`${JSON.stringify(ended)}\n`);
    if (!quiet) process.stderr.write(`the run has ended already, by ${ended.outcome}; nothing was run\n`);
    return ended.outcome === 'diverged' ? exitCodes.failedRun : exitCodes.done;
  }
  const metrics = new Metrics();
  const stopping = interruptible();
  const { signal } = stopping;
  try {
    if (variants.length > 0)
      progress.note(`serving the base run; its ${variants.length} variants are for fedtempo run`);
    const onListening = (url: string, directory: string) => {
      if (quiet) process.stderr.write(`listening on ${url}\n`);
      else process.stderr.write(`listening on ${url} · ${directory}\n  clients join with: fedtempo join ${url} …\n`);
    };
    const setting = { scenario, folder, kernels, progress, log, signal, profile };
    const finished = await locating(locate, () =>
      conduct(setting, (data, tools) => openServed(setting, data, tools, { ...settings, metrics, onListening })),
    );
    const { summary } = finished;
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    const again = `fedtempo serve ${pasteable(file)} --run ${pasteable(summary.directory)}, with the other options as before`;
    const exitCode = exitCodeOf(finished, again);
    if (!quiet) process.stderr.write(`${closing([summary])}\n`);
    return exitCode;
  } catch (error) {
    if (!signal.aborted || error instanceof FedtempoError) return tell(error);
    return exitCodes.interrupted;
  } finally {
    metrics.close();
    stopping.done();
  }
}

function settingsOf(options: Options): Omit<ServeOptions, 'metrics' | 'onListening'> {
  const { host, port: number, tlsCert, tlsKey, insecure = false, trustedProxy, allowHost } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new FedtempoError('TLS_INVALID', 'a certificate and its key belong together', {
      found: tlsCert === undefined ? '--tls-key without --tls-cert' : '--tls-cert without --tls-key',
      expected: 'both, or neither',
    });
  }
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { cert: pem(tlsCert, '--tls-cert'), key: pem(tlsKey, '--tls-key') };
  const enrolment = options.enrolment === undefined ? undefined : Enrolment.open(options.enrolment);
  refuseUnsafe({ host, secure: tls !== undefined, enrolment: enrolment !== undefined, insecure });
  return {
    out: options.out,
    directory: options.run,
    host,
    port: number,
    tls,
    prefix: options.prefix,
    trustedProxies: trustedProxy,
    hosts: allowHost.length === 0 ? undefined : allowHost,
    origins: options.allowOrigin,
    enrolment,
    limits: limitsOf(options.limit),
    returnAfterMs: 1000 * options.returnAfter,
  };
}

function pem(file: string, where: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FedtempoError('TLS_INVALID', 'a file of the certificate cannot be read', {
      where,
      found: messageOf(error),
      expected: 'a PEM file',
      fix: 'check the path; fedtempo certs makes a certificate and its key',
    });
  }
}

function port(text: string): number {
  const value = integer(text);
  if (value > 65_535) throw new InvalidArgumentError('Expected 0 to 65535.');
  return value;
}

function prefix(text: string): string {
  if (text === '' || /^(\/[\w.~-]+)+$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a path such as /fedtempo, without a slash at its end.');
}
