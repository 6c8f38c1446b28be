/** Why a connection was closed. 4000–4999 are free for applications (RFC 6455, section 7.4.2); 1009 is sent by ws itself. */
export const closeCodes = {
  GOODBYE: 4000,
  VERSION_MISMATCH: 4001,
  MALFORMED: 4002,
  HELLO_TIMEOUT: 4003,
  UNEXPECTED_MESSAGE: 4004,
  SILENT: 4005,
  SLOT_TAKEN: 4006,
  DATASET_MISMATCH: 4007,
  TOO_SLOW: 4008,
  CLIENT_FAILED: 4009,
  SUPERSEDED: 4010,
  BAD_SIGNATURE: 4011,
  TOO_MANY_MESSAGES: 4012,
  GOING_AWAY: 4013,
  NO_CREDIT: 4014,
  REVOKED: 4015,
} as const;

/** Meaning of each code, as docs/protocol.md lists it. */
export const closeMeanings: Record<keyof typeof closeCodes, string> = {
  GOODBYE: 'the run is over, or the client leaves',
  VERSION_MISMATCH: 'the two ends speak different protocol versions; the reason names both',
  MALFORMED: 'a frame could not be decoded; the reason says why',
  HELLO_TIMEOUT: 'no hello came in time',
  UNEXPECTED_MESSAGE: 'a message came in a state that does not allow it',
  SILENT: 'no sign of the peer within the limit',
  SLOT_TAKEN: 'another connection already hosts these clients, or there is no such slot',
  DATASET_MISMATCH: 'the client loaded other data than the coordinator',
  TOO_SLOW: 'too many bytes wait to be sent to the peer, or wait too long',
  CLIENT_FAILED: 'the client could not load its data or start its training thread; the reason says why',
  SUPERSEDED: 'the same client has connected again',
  BAD_SIGNATURE: 'a signature does not fit the client, the connection or the content',
  TOO_MANY_MESSAGES: 'the client sends more messages than the limit allows',
  GOING_AWAY: 'the coordinator stops for now; the client comes back later',
  NO_CREDIT: 'an upload that was not granted, or that did not come in time',
  REVOKED: 'the key of the client was taken off the list of those who may take part',
};

/** A close reason holds at most 123 bytes of UTF-8. */
export function closeReason(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
