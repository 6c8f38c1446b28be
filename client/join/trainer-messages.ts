/** What passes between the event loop of a process that hosts clients and its training thread. */
import type { KernelsName } from '../../shared/kernels/choose.js';
import type { RoundContent } from '../../shared/protocol/round-frame.js';
import type { ParsedScenario } from '../../shared/scenario/schema.js';
import type { Update } from '../../shared/training/reply.js';
import type { OwnData } from '../data/own-data.js';
import type { Declaration } from './trainer.js';

export interface TrainerData {
  readonly seed: number;
  readonly model: ParsedScenario['model'];
  /** d, k of the run */
  readonly features: number;
  readonly classes: number;
  readonly kernels: KernelsName;
  readonly holding:
    | { readonly kind: 'simulated'; readonly data: ParsedScenario['data'] }
    | { readonly kind: 'own'; readonly data: OwnData; readonly parts: number };
}

export type ToTrainer =
  /** Of own data: which part of them a client of the run has. */
  | { readonly type: 'host'; readonly client: number; readonly part: number }
  | { readonly type: 'train'; readonly id: number; readonly client: number; readonly content: RoundContent };

export type FromTrainer =
  | { readonly type: 'ready'; readonly declaration: Declaration }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'update'; readonly id: number; readonly update: Update }
  | { readonly type: 'failure'; readonly id: number; readonly reason: string };
