/** Client state as the round loop sees it: what a round changes counts only when the round does. */
import type { ClientStates } from '../../shared/federation/client-state.js';

export interface RoundStates extends ClientStates {
  /** Ends a round: what it changed counts from now on, or, if the round was not committed, never did. */
  commit(counted: boolean): void;
}
