import type { HostileIdentity } from './stand.mjs';

export interface Inside {
  readonly raw: { readonly ended: boolean; pause(): void; destroy(): void };
  readonly client: number;
}
export function seated(port: number, identity: HostileIdentity): Promise<Inside>;
export function selected(port: number, identity: HostileIdentity): Promise<Inside>;
