/** What passes between a client process's event loop and its training thread. */

import type { KernelsName } from '../shared/kernels/choose.js';
import type { Update } from '../shared/training/reply.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import type { ClientScenario } from './load-data.js';

export interface ThreadData {
  readonly scenario: ClientScenario;
  readonly folder: string;
  readonly kernels: KernelsName;
}

export type ToThread =
  /** The global weights [p] of a round, for the clients that follow. */
  | { readonly type: 'round'; readonly plan: RoundPlan; readonly weights: Float32Array }
  | { readonly type: 'train'; readonly client: number };

export type FromThread =
  | { readonly type: 'ready'; readonly datasetDigest: string; readonly examples: number; readonly clients: number }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'update'; readonly update: Update }
  | { readonly type: 'failure'; readonly client: number; readonly round: number; readonly reason: string };
