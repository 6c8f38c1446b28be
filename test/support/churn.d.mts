import type { Population } from './population.mjs';

interface Options {
  readonly hosts: number;
  readonly clientsPerHost: number;
  readonly rounds: number;
  readonly cohort: number;
  readonly minimumReplies: number;
  readonly localSteps: number;
  readonly serve: {
    readonly quorum: number;
    readonly overSelection?: number;
    readonly deadlineSeconds: number;
    readonly lostAfterSeconds: number;
    readonly attempts?: number;
  };
}

interface Ran {
  readonly figures: {
    readonly committed: number;
    readonly abandoned: number;
    readonly closings: { readonly [closing: string]: number };
    readonly roundMs: { readonly median: number; readonly longest: number };
    readonly answers: { readonly [answer: string]: number };
    readonly seconds: number;
  };
  readonly wrongs: readonly string[];
  readonly population: Population;
}

export function killing(
  folder: string,
  options: Options & { readonly share: number; readonly withinMs: number; readonly seed: number },
): Promise<Ran & { readonly figures: { readonly kills: number } }>;

export function stopping(folder: string, options: Options & { readonly stopped: number }): Promise<Ran>;
