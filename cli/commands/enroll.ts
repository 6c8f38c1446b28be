/** `fedtempo enroll`: decides who may join a coordinator, by one-time tokens or public keys. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { openIdentity } from '../../client/identity.js';
import { Enrolment } from '../../server/remote/enrolment.js';
import type { Listed } from '../../server/remote/enrolment-list.js';
import { identityFolder, identityOption } from '../identity-folder.js';
import { integer } from '../options.js';
import { table } from '../table.js';

interface Options {
  readonly to: string;
  readonly name?: string;
  readonly client?: number;
  /** Milliseconds from now. */
  readonly expires: number | 'never';
  readonly key?: string;
  readonly list?: true;
  readonly revoke?: string;
  readonly showKey?: true;
  readonly identity?: string;
}

const EXAMPLES = `
Examples:
  fedtempo enroll --name alice                     a token for one client, good for 7 days
  fedtempo enroll --client 3 --expires 12h         it will be client 3 of the scenario
  fedtempo enroll --show-key                       on the client's machine: its public key
  fedtempo enroll --name bob --key PUBLICKEY       on the coordinator's: let this key in, without a token
  fedtempo enroll --list                           who may join, and which tokens are open
  fedtempo enroll --revoke alice                   a name, key or token: out within seconds

Give the token to the client by a safe way: the first who comes with it is let in, once. The client proves who it is with a
key that never leaves its machine. The coordinator reads the folder at every connection and every few seconds
(serve --enrolment DIR) and need not be started again. Run this as the user who runs the coordinator.
The token or key is alone on standard output. Exit code 0 done, 2 bad input.`;

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const ACTIONS = ['key', 'list', 'revoke', 'showKey'];

export function addEnroll(program: Command): void {
  const others = (own: string) => [...ACTIONS.filter((name) => name !== own), 'name', 'client', 'expires'];
  program
    .command('enroll')
    .summary('let a client on another machine join')
    .description('Makes a one-time token for a client on another machine, or enrols its public key.')
    .addOption(new Option('--to <dir>', 'enrolment folder of the coordinator; made if missing').default('enrolment'))
    .addOption(new Option('--name <name>', 'name of the client, for lists and logs'))
    .addOption(new Option('--client <n>', 'which client of the scenario it is, from 0').argParser(integer))
    .addOption(
      new Option('--expires <time>', 'how long the token is good: 30m, 12h, 7d, 4w or never')
        .argParser(lifetime)
        .default(7 * UNITS.d, '7d'),
    )
    .addOption(
      new Option('--key <publickey>', 'enrol this key in place of making a token').conflicts([
        'expires',
        ...ACTIONS.slice(1),
      ]),
    )
    .addOption(new Option('--list', 'show what is enrolled').conflicts(others('list')))
    .addOption(
      new Option('--revoke <who>', 'take back a name, key, token or start of its digest').conflicts(others('revoke')),
    )
    .addOption(
      new Option('--show-key', "print this machine's client key, made if missing").conflicts(others('showKey')),
    )
    .addOption(identityOption())
    .addHelpText('after', EXAMPLES)
    .action(enroll);
}

function enroll({ to, name, client, expires, key, list, revoke, showKey, identity }: Options): void {
  const about = { ...(name === undefined ? {} : { name }), ...(client === undefined ? {} : { client }) };
  if (showKey) {
    print(openIdentity(identityFolder(identity)).key);
    return say('This is the public key; on the coordinator: fedtempo enroll --key PUBLICKEY');
  }
  if (list) return showList(to, Enrolment.open(to).list());
  if (revoke !== undefined) {
    const { tokens, clients } = Enrolment.open(to).revoke(revoke);
    return say(`revoked: ${count(clients.length, 'client')}, ${count(tokens.length, 'token')}`);
  }
  const enrolment = Enrolment.create(to);
  const whom = [name ?? 'one client', ...(client === undefined ? [] : [`as client ${client}`])].join(' ');
  if (key !== undefined) {
    enrolment.addKey(key, about);
    return say(`The key may join from now on: ${whom}.\nOn its machine: fedtempo join URL --data FILE --label COLUMN`);
  }
  const until = expires === 'never' ? {} : { expiresAt: new Date(Date.now() + expires) };
  print(enrolment.addToken({ ...about, ...until }));
  say(
    `A token for ${whom}, ${until.expiresAt === undefined ? 'without end' : `until ${minute(until.expiresAt)}`}. It is shown this once.\n` +
      `On its machine:     fedtempo join URL --token TOKEN --data FILE --label COLUMN\n` +
      `On the coordinator: fedtempo serve SCENARIO --enrolment '${to}' --tls-cert FILE --tls-key FILE`,
  );
}

function showList(to: string, { tokens, clients, damaged }: Listed): void {
  const number = (client: number | undefined) => (client === undefined ? 'any' : String(client));
  const rows = [
    ...clients.map(({ key, name = '–', client, enrolledAt }) => {
      return [name, number(client), 'client', `since ${minute(new Date(enrolledAt))}`, key];
    }),
    ...tokens.map(({ digest, name = '–', client, state, expiresAt }) => {
      const until = state === 'open' && expiresAt !== undefined ? ` until ${minute(new Date(expiresAt))}` : '';
      return [name, number(client), 'token', `${state}${until}`, digest.slice(0, 12)];
    }),
  ];
  print(table(['name', 'client', 'entry', 'state', 'key or digest'], rows));
  for (const file of damaged) say(`! warning: ${to}/${file} is damaged and counts as none`);
}

/** @returns milliseconds */
function lifetime(text: string): number | 'never' {
  if (text === 'never') return text;
  const [, amount, unit] = /^([1-9]\d{0,3})([mhdw])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('Expected 30m, 12h, 7d, 4w or never.');
  return Number(amount) * UNITS[unit];
}

function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
