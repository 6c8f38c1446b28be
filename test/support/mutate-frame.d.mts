export function frameMutator(seed: number): () => Uint8Array;
export function decodeEverywhere(frame: Uint8Array): ('client' | 'server' | 'sealed')[];
