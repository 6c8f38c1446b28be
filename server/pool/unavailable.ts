/** The error of a run whose client processes are not there. */
import { FedtempoError } from '../../shared/errors.js';

export function clientsUnavailable(found: string, fix: string): FedtempoError {
  return new FedtempoError('CLIENTS_UNAVAILABLE', 'client processes are not available', {
    where: 'pool',
    found,
    expected: 'every client process connected, with its data loaded',
    fix,
  });
}
