/** What a coordinator's door answers to plain requests: the challenge for clients; health and metrics for operators. */
import type { DoorAnswer, DoorRequest } from '../../server/http/door.js';
import type { Metrics } from '../../server/http/metrics.js';
import type { Admission } from '../../server/remote/admission.js';
import { isLoopback } from './protection.js';

export interface PagesOptions {
  readonly admission: Admission;
  readonly metrics: Metrics;
  /** Whether clients are taken in now; undefined, or why not. */
  readonly unready: () => string | undefined;
  /** Told before metrics are read. */
  readonly refresh: () => void;
}

const json = (status: number, value: object): DoorAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: `${JSON.stringify(value)}\n`,
});

export function pages({ admission, metrics, unready, refresh }: PagesOptions) {
  return (request: DoorRequest): DoorAnswer | Promise<DoorAnswer> | undefined => {
    switch (request.path) {
      case '/challenge':
        return json(200, admission.challenge());
      case '/healthz':
        return json(200, { status: 'ok' });
      case '/readyz': {
        const reason = unready();
        return reason === undefined ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', reason });
      }
      case '/metrics':
        return mayRead(request) ? measured() : json(403, { reason: 'metrics are for this machine alone' });
    }
    return undefined;
  };

  async function measured(): Promise<DoorAnswer> {
    refresh();
    return { status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.text() };
  }
}

/** Who asks from this machine, and not through a proxy on it: what a proxy passes on came from somewhere else. */
function mayRead({ address, forwarded, headers }: DoorRequest): boolean {
  return (
    !forwarded && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined && isLoopback(address)
  );
}
