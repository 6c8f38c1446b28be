/**
 * The exact bytes that a client signs: `prefix | fields`, each field as `u32 length (little-endian) | bytes`.
 *
 * The prefix names purpose and protocol version, so that a signature serves for nothing else; the lengths make two different
 * statements different bytes, whatever the fields hold. Texts are in UTF-8.
 */

/** What binds a signature to one connection: the run, how often its coordinator has started, a number used once. */
export interface Moment {
  readonly run: string;
  readonly epoch: number;
  readonly nonce: string;
}

/** Says: the owner of `key` (base64url) opens this connection. */
export function connectStatement({ run, epoch, nonce, key }: Moment & { readonly key: string }): Uint8Array {
  return statement('fedtempo connect 2\n', [utf8(run), utf8(String(epoch)), utf8(nonce), utf8(key)]);
}

/**
 * Says: this is my update.
 *
 * @param header of the frame as it is sent, which names round, client and examples
 * @param tensorDigest SHA-256 of the frame's tensor bytes, 32 bytes
 */
export function updateStatement(
  { run, epoch, nonce }: Moment,
  header: Uint8Array,
  tensorDigest: Uint8Array,
): Uint8Array {
  const fields = [utf8(run), utf8(String(epoch)), utf8(nonce), header, tensorDigest];
  return statement('fedtempo update 2\n', fields);
}

function statement(prefix: string, fields: readonly Uint8Array[]): Uint8Array {
  const parts = [utf8(prefix), ...fields.flatMap((field) => [length(field), field])];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function length({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
}

/** By hand: TextEncoder is not part of the language. Half a surrogate pair gets bytes of its own, so no two texts share theirs. */
function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const following = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes.push(following === 0 ? code : [0, 0xc0, 0xe0, 0xf0][following] | (code >> (6 * following)));
    for (let rest = following - 1; rest >= 0; rest--) bytes.push(0x80 | ((code >> (6 * rest)) & 0x3f));
  }
  return Uint8Array.from(bytes);
}
