/** `--limit name=value`: any limit of the wire, for one coordinator. */
import { Option } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import { FedtempoError } from '../../shared/errors.js';
import { type Limits, limits } from '../../shared/protocol/limits.js';

export function limitOption(): Option {
  return new Option(
    '--limit <name=value>',
    'change a limit of the wire (docs/protocol.md lists them); may be given several times',
  )
    .argParser((value: string, before: string[]) => [...before, value])
    .default([], 'none');
}

/** @throws FedtempoError LIMIT_INVALID */
export function limitsOf(given: readonly string[]): Limits {
  const changed: { [name: string]: number } = { ...limits };
  for (const one of given) {
    const [, name = one, value = ''] = /^([^=]*)=(.*)$/.exec(one) ?? [];
    if (!Object.hasOwn(limits, name)) {
      const nearest = closest(name, Object.keys(limits));
      const hint = distance(name, nearest) <= 4 ? `did you mean ${nearest}?` : 'docs/protocol.md lists them';
      throw invalid(one, 'a name of the limits', hint);
    }
    if (!/^\d{1,12}$/.test(value) || Number(value) < 1)
      throw invalid(one, 'a whole number from 1', `such as --limit ${name}=${limits[name as keyof Limits]}`);
    changed[name] = Number(value);
  }
  return changed as unknown as Limits;
}

function invalid(found: string, expected: string, fix: string): FedtempoError {
  return new FedtempoError('LIMIT_INVALID', 'a limit cannot be set so', { where: '--limit', found, expected, fix });
}
