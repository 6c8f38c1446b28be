/** Every limit of the wire, with its finite default. docs/protocol.md repeats this table; a test compares the two. */

/** The version in the first message. Both ends must speak the same. */
export const PROTOCOL_VERSION = 1;

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
} as const;

/** The largest frame whose tensor holds the model, and where clients keep state as many values again. */
export function maxFrameBytes(values: number): number {
  return values * 4 + limits.headerBytes + limits.frameSlackBytes;
}
