/** What happens to clients, as metrics and log lines. Nothing that a peer wrote, and no secret, is in either. */
import type { Logger } from 'pino';
import type { Metrics, Outcome, Refusal } from '../../server/http/metrics.js';
import type { Observer } from '../../server/remote/reception.js';
import { type closeCodes, closeMeanings } from '../../shared/protocol/close-codes.js';

/** Which class of refusals a close of ours counts as. */
const classes: { readonly [name in keyof typeof closeCodes]?: Refusal } = {
  VERSION_MISMATCH: 'version',
  MALFORMED: 'malformed',
  HELLO_TIMEOUT: 'timeout',
  UNEXPECTED_MESSAGE: 'malformed',
  SILENT: 'timeout',
  DATASET_MISMATCH: 'data',
  TOO_SLOW: 'slow',
  BAD_SIGNATURE: 'signature',
  TOO_MANY_MESSAGES: 'rate',
  NO_CREDIT: 'rate',
  REVOKED: 'unauthorized',
};

export function observe(metrics: Metrics, log: Logger): Observer {
  return {
    joined: (client) => log.info({ client }, 'client joined'),
    left: (client, name) => log.info({ client, close: name }, 'client left'),
    answered: (answer) => metrics.replied((answer === 'FORGED' ? 'REJECTED' : answer) as Outcome),
    refused: (name, client) => {
      const known = name !== undefined && name in closeMeanings ? name : undefined;
      if (known !== undefined) metrics.refused(classes[known] ?? 'request');
      log.warn({ client, close: known ?? 'other', meaning: known && closeMeanings[known] }, 'client refused');
    },
  };
}

/** Which class of refusals the door's own words belong to; they are constants of ours. */
export function refusalClass(reason: string): Refusal {
  if (/too many|stops for now|cannot be read now/.test(reason)) return 'limit';
  if (/took too long|made room/.test(reason)) return 'timeout';
  if (/signature/.test(reason)) return 'signature';
  if (/challenge|token|enrolled/.test(reason)) return 'unauthorized';
  return 'request';
}
