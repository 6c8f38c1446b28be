/** What passes between a client process's event loop and its training thread. */

import type { KernelsName } from '../shared/kernels/choose.js';
import type { RoundContent } from '../shared/protocol/round-frame.js';
import type { Update } from '../shared/training/reply.js';
import type { ClientScenario } from './load-data.js';

export interface ThreadData {
  readonly scenario: ClientScenario;
  readonly folder: string;
  readonly kernels: KernelsName;
}

export type ToThread =
  /** For the clients that follow. */
  | ({ readonly type: 'round' } & RoundContent)
  /** `state`: the client's [p]; undefined for zeros, or where clients keep none. */
  | { readonly type: 'train'; readonly client: number; readonly state: Float32Array | undefined };

export type FromThread =
  | {
      readonly type: 'ready';
      readonly datasetDigest: string;
      readonly examples: number;
      readonly clients: number;
      readonly features: number;
      readonly classes: number;
    }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'update'; readonly update: Update }
  | { readonly type: 'failure'; readonly client: number; readonly round: number; readonly reason: string };
