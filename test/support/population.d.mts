export interface Said {
  readonly host: number;
  readonly part: number;
  readonly type: 'joined' | 'training' | 'answered' | 'away';
  readonly round?: number;
  readonly client?: number;
  readonly answer?: string;
  readonly reason?: string;
}

export interface Logged {
  readonly msg: string;
  readonly round?: number;
  readonly attempt?: number;
  readonly committed?: boolean;
  readonly replies?: number;
  readonly closing?: string;
  readonly ms?: number;
  readonly client?: number;
  readonly close?: string;
}

export interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  /** Standard output and standard error, the last of each. */
  readonly output: string;
}

export class Population {
  constructor(
    folder: string,
    text: string,
    options: { readonly hosts: number; readonly clientsPerHost: number; readonly joinOptions?: readonly string[] },
  );
  readonly events: readonly Said[];
  readonly log: readonly Logged[];
  readonly directory: string;
  serve(options?: readonly string[]): Promise<string>;
  joinAll(url?: string): void;
  join(host: number, options?: readonly string[]): Promise<End>;
  signal(host: number, signal: NodeJS.Signals): Promise<End>;
  until(callback: (one: Partial<Said & Logged>) => boolean): Promise<unknown>;
  readonly ended: Promise<End>;
  hostsEnded(): Promise<End[]>;
  stop(): Promise<void>;
}
