export const HONEST: number;
export interface StandOptions {
  readonly folder: string;
  readonly hostileKeys: number;
  readonly localEpochs: number;
  readonly handshakeMs: number;
  /** Hidden neurons: how large an update is. */
  readonly hidden?: number;
}
export interface HostileIdentity {
  readonly key: string;
  sign(bytes: Uint8Array): Uint8Array;
}
export class Stand {
  readonly port: number;
  readonly hostile: readonly HostileIdentity[];
  constructor(options: StandOptions);
  readonly log: readonly { readonly msg: string }[];
  readonly events: readonly { readonly client: number; readonly type: string }[];
  readonly rounds: readonly { readonly ms: number; readonly time: number }[];
  readonly serverEnd: string | undefined;
  readonly said: string;
  begin(rounds: number): Promise<void>;
  until(ready: () => boolean): Promise<void>;
  stop(): Promise<string>;
  kill(): void;
  counted(): Map<number, number>;
}
