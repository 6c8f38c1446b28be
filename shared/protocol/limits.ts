/** Every limit of the wire, with its finite default. docs/protocol.md repeats this table; a test compares the two. */

/** The version in the first message. Both ends must speak the same. */
export const PROTOCOL_VERSION = 2;

export const limits = {
  /** Bytes of a frame's msgpack header. */
  headerBytes: 16 * 1024,
  /** How deep a header may nest. */
  headerDepth: 8,
  /** Bytes that a frame may have over the model's own. */
  frameSlackBytes: 64 * 1024,
  /** Fragments of one WebSocket message. */
  fragments: 1024,
  /** Characters of any text in a header. */
  textCharacters: 2000,
  /** Clients named by one train message; more go in further messages. */
  clientsPerMessage: 1000,
  /** Connections that have not been assigned yet. */
  pendingConnections: 64,
  /** From connection to hello. */
  helloMs: 10_000,
  /** Between pings of the coordinator. */
  pingEveryMs: 5_000,
  /** Without any sign of the peer. */
  silenceMs: 60_000,
  /** For a peer to close after goodbye, before it is cut off. */
  goodbyeMs: 2_000,
  /** Bytes waiting to be sent to one peer, over one model. */
  bufferedBytes: 64 * 1024 * 1024,
  /** Without any of what waits for a peer being taken. */
  drainMs: 60_000,
  /** Sockets in all, whatever they have said. */
  connections: 20_000,
  /** Sockets of one address (behind a trusted proxy, of the address that it names). */
  connectionsPerAddress: 2_000,
  /** Sockets that are not WebSockets yet. */
  pendingHandshakes: 1_000,
  /** For the TLS handshake, and again for the HTTP request. */
  handshakeMs: 10_000,
  /** Bytes of an HTTP request's head; before authentication nothing else is read. */
  requestHeadBytes: 8 * 1024,
  /** How long a nonce may be answered. */
  nonceMs: 30_000,
  /** Messages of one client, on average and at once. */
  messagesPerSecond: 50,
  messageBurst: 200,
  /** Bytes of uploads that may be on their way at a time, over all clients; at least one upload may. */
  inboundBytes: 256 * 1024 * 1024,
  /** For an upload that was granted to arrive. */
  uploadMs: 60_000,
} as const;

/** The limits as a coordinator was started with them. */
export type Limits = { readonly [name in keyof typeof limits]: number };

/** The largest frame whose tensor holds the model, and where clients keep state as many values again. */
export function maxFrameBytes(values: number): number {
  return values * 4 + limits.headerBytes + limits.frameSlackBytes;
}
