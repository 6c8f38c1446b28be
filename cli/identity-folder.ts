/** Where a client's key lies, for every command that uses it: flag over environment over home folder. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import { FedtempoError, messageOf } from '../shared/errors.js';

export function identityOption(): Option {
  const said = "folder of this machine's client key (default: ~/.fedtempo/identity)";
  return new Option('--identity <dir>', said).env('FEDTEMPO_IDENTITY');
}

/**
 * @param given with the option or in the environment; an empty text is none
 * @throws FedtempoError IDENTITY_INVALID if nothing is given and this user has no home folder, as in some containers
 */
export function identityFolder(given: string | undefined): string {
  if (given !== undefined && given !== '') return given;
  try {
    return join(homedir(), '.fedtempo', 'identity');
  } catch (error) {
    throw new FedtempoError('IDENTITY_INVALID', "there is no place for the client's key", {
      found: `no home folder (${messageOf(error)})`,
      expected: 'a home folder, or another one by name',
      fix: 'name one with --identity DIR or FEDTEMPO_IDENTITY',
    });
  }
}
