/** What passes between the coordinator's event loop and the thread that receives updates. */
import type { Tally } from '../../shared/federation/aggregator.js';
import type { Spent } from '../../shared/times/spans.js';
import type { CountedUpdate, Failure } from '../../shared/training/reply.js';
import type { DeskRound, Origin, Submission, UpdateMessage, Verdict } from './desk.js';
import type { Closing, Opening } from './journal.js';

/** What an offer says of the update that it stands for. */
export type Offered = Pick<UpdateMessage, 'run' | 'round' | 'nonce' | 'client'> & { readonly digest: string };

export type { Origin, Submission };

export type ToIntake =
  | { readonly type: 'open'; readonly id: number; readonly round: DeskRound }
  | ({ readonly type: 'submit'; readonly id: number } & Submission)
  | { readonly type: 'weigh'; readonly id: number; readonly offered: Offered }
  | { readonly type: 'close'; readonly id: number; readonly closing: Closing }
  | { readonly type: 'leave'; readonly id: number }
  /** Needs no answer. */
  | { readonly type: 'drop'; readonly round: number; readonly attempt: number };

/** A round that a coordinator which died has left behind. */
export interface FoundRound {
  readonly opening: Opening;
  readonly closing: Closing | undefined;
}

export type FromIntake =
  | { readonly type: 'found'; readonly rounds: readonly FoundRound[] }
  | { readonly type: 'opened'; readonly id: number; readonly replies: readonly (CountedUpdate | Failure)[] }
  | { readonly type: 'judged'; readonly id: number; readonly verdict: Verdict }
  | { readonly type: 'weighed'; readonly id: number; readonly standing: Pick<Verdict, 'answer' | 'reason'> | undefined }
  | { readonly type: 'closed'; readonly id: number; readonly tally: Tally; readonly spent: Spent }
  | { readonly type: 'left'; readonly id: number }
  /** The disk failed, or the thread met a defect: nothing more is acknowledged. */
  | { readonly type: 'broken'; readonly code: string | undefined; readonly message: string };
