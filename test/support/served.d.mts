import type { ChildProcess } from 'node:child_process';

export const CLIENTS: number;
export const COHORT: number;

export interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stdout: string;
    readonly stderr: string;
    readonly ms: number;
  }>;
  /** Resolves once `holds` of the output, with milliseconds since the start; rejects if the process ends before. */
  until(holds: (output: { stdout: string; stderr: string }) => boolean): Promise<number>;
  readonly listening: Promise<number>;
  readonly startedAt: number;
}

export interface ClientEvent {
  readonly type: 'joined' | 'training' | 'answered' | 'away';
  /** Of the process: the first of its clients. */
  readonly first: number;
  readonly part: number;
  readonly at: number;
  readonly round?: number;
  readonly client?: number;
  readonly answer?: string;
  readonly reason?: string;
  readonly againInMs?: number;
}

export interface Undisturbed {
  readonly digest: string;
  readonly rounds: readonly string[];
}

export class ServedRun {
  static create(
    folder: string,
    options: { readonly rounds: number; readonly serve?: string; readonly directory?: string },
  ): Promise<ServedRun>;
  readonly directory: string;
  readonly events: readonly ClientEvent[];
  serve(environment?: Record<string, string>, options?: readonly string[]): Process;
  join(options?: { first?: number; clients?: number; environment?: Record<string, string> }): Process;
  undisturbed(): Promise<Undisturbed>;
  start(args: readonly string[], environment?: Record<string, string>): Process;
  /** Resolves once a client has said something that `holds` of. */
  told(holds: (event: ClientEvent) => boolean): Promise<ClientEvent>;
  answersSince(coordinator: Process, count: number): Promise<void>;
  timesOf(coordinator: Process): Promise<{ listeningMs: number | undefined; joinedMs: number | undefined }>;
  stop(): void;
  notDurable(): string[];
  accepted(): string[];
  wrongs(undisturbed: Undisturbed, summary: { readonly digest: string }): string[];
}

export function freePort(): Promise<number>;
