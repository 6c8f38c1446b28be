/** `fedtempo certs`: a development authority and a certificate for the coordinator, and what to do with them. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { relative } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { pinOf } from '../../client/secure/pin.js';
import { pathsOf, readAuthority, writePair } from '../certificates/folder.js';

interface Options {
  readonly out: string;
  readonly host?: readonly string[];
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** Longer than any certificate under it: clients are given the authority once. */
const AUTHORITY_DAYS = 3650;
/** Machines whose clocks are a little behind accept a new certificate too. */
const BACKDATED_MS = 3_600_000;

export function addCerts(program: Command): void {
  program
    .command('certs')
    .summary('make certificates for development')
    .description(
      'Makes an authority of your own and a certificate for the coordinator, for machines that are yours. An authority ' +
        'that is in the folder already signs the new certificate, so clients that have its ca.pem need nothing new.',
    )
    .option('--out <folder>', 'where the files go', 'certs')
    .option(
      '--host <name>',
      'a host name or address of the coordinator; may be given again (default: this machine)',
      add,
    )
    .option('--days <n>', 'how long the certificate is valid', days, 30)
    .addHelpText(
      'after',
      '\nExamples:\n  fedtempo certs\n  fedtempo certs --host coordinator.example.org --host 192.0.2.7 --days 90' +
        '\n\nKeep ca-key.pem: whoever has it can pose as any coordinator to clients that trust ca.pem.',
    )
    .action(async ({ out, host, days }: Options) => {
      const { makeAuthority, issueServer } = await import('../certificates/issue.js');
      const hosts = host ?? ['localhost', '127.0.0.1', '::1'];
      const from = new Date(Date.now() - BACKDATED_MS);
      const until = (many: number) => new Date(Date.now() + many * DAY_MS);
      const there = readAuthority(out);
      const authority = there ?? (await makeAuthority('fedtempo development', { from, to: until(AUTHORITY_DAYS) }));
      const latest = new Date(new X509Certificate(authority.cert).validTo);
      const to = until(days) < latest ? until(days) : latest;
      const server = await issueServer(authority, hosts, { from, to });
      if (there === undefined) writePair(out, 'ca', authority);
      writePair(out, 'server', server);
      process.stdout.write(report(out, hosts, there !== undefined, new X509Certificate(server.cert)));
    });
}

function report(out: string, hosts: readonly string[], reused: boolean, server: X509Certificate): string {
  const shown = (path: string) => {
    const short = relative('.', path);
    return short.startsWith('..') ? path : short;
  };
  const [authority, pair] = [pathsOf(out, 'ca'), pathsOf(out, 'server')];
  const [name] = hosts;
  return [
    `authority    ${shown(authority.cert)} and its key ${shown(authority.key)}${reused ? ', which were there' : ''}`,
    `certificate  ${shown(pair.cert)} and its key ${shown(pair.key)}`,
    `for          ${hosts.join(', ')}`,
    `valid until  ${new Date(server.validTo).toISOString().slice(0, 10)}`,
    `pin          ${pinOf(server)}`,
    '',
    'On the coordinator:',
    `  fedtempo serve SCENARIO --tls-cert ${shown(pair.cert)} --tls-key ${shown(pair.key)}`,
    `On each client, with a copy of ${shown(authority.cert)}:`,
    `  fedtempo join wss://${isIP(name) === 6 ? `[${name}]` : name}:PORT --ca ${shown(authority.cert)}`,
    '',
  ].join('\n');
}

function add(text: string, before: readonly string[] | undefined): readonly string[] {
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (isIP(text) === 0 && !new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`, 'i').test(text)) {
    throw new InvalidArgumentError('Expected a host name or an address, without scheme and port.');
  }
  return [...(before ?? []), text];
}

function days(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > AUTHORITY_DAYS) {
    throw new InvalidArgumentError(`Expected a whole number of days from 1 to ${AUTHORITY_DAYS}.`);
  }
  return Number(text);
}
