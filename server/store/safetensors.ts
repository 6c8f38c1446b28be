/**
 * The safetensors format: u64 header length | JSON header | raw little-endian tensors. Any framework reads it, and
 * reading it runs no code.
 *
 * What is written keeps the rules of the reference implementation (huggingface/safetensors 0.4 and later): the header is
 * padded with spaces to a multiple of 8, tensors follow each other without holes and fill the file. The widest types
 * come first, so that every tensor lies at a multiple of its own size.
 */

/** The types of numbers that are written and read. */
const types = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
} as const;
type TypeName = keyof typeof types;
export type TensorValues = Float64Array | Float32Array | Int32Array | Uint32Array;

export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major; their number is the product of the shape. */
  readonly values: TensorValues;
}

export type Tensors = ReadonlyMap<string, Tensor>;

export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Tensors;
}

/** Limits for what is read: a header beyond them is refused before it is parsed. */
const MAX_HEADER_BYTES = 64 * 1024 * 1024;
const MAX_DIMENSIONS = 8;

/** A file in the order of its metadata; tensors of one type keep their order. */
export function encodeSafetensors({ metadata, tensors }: Safetensors): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const widestFirst = [...tensors].sort(([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);
  let end = 0;
  for (const [name, { shape, values }] of widestFirst) {
    const begin = end;
    end += values.byteLength;
    header[name] = { dtype: typeOf(values), shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const file = Buffer.alloc(start + end);
  file.writeBigUInt64LE(BigInt(start - 8), 0);
  file.fill(' ', 8, start);
  text.copy(file, 8);
  let at = start;
  for (const [, { values }] of widestFirst) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

/**
 * The tensors, copied out of the bytes, and the metadata.
 *
 * @throws RangeError that says what is wrong with the file
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { text, start } = headerText(bytes);
  const header = parseHeader(text);
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map<string, Tensor>();
  let end = 0;
  const inOrder = Object.entries(entries)
    .map(([name, entry]) => ({ name, ...checkEntry(name, entry) }))
    .sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  for (const { name, type, shape, begin, bytes: length } of inOrder) {
    if (begin !== end) throw new RangeError(`tensor ${name} begins at ${begin}, the one before ends at ${end}`);
    end += length;
    if (start + end > bytes.length) throw new RangeError(`tensor ${name} goes beyond the end of the file`);
    const values = new types[type](length / widthOf(type));
    new Uint8Array(values.buffer).set(bytes.subarray(start + begin, start + end));
    tensors.set(name, { shape, values });
  }
  if (start + end !== bytes.length) throw new RangeError(`${bytes.length - start - end} bytes after the last tensor`);
  return { metadata: checkMetadata(metadata), tensors };
}

function headerText(bytes: Uint8Array): { text: string; start: number } {
  if (bytes.length < 8) throw new RangeError(`${bytes.length} bytes, too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw new RangeError(`a header of ${length} bytes, at most ${MAX_HEADER_BYTES}`);
  if (8 + length > bytes.length) throw new RangeError(`a header of ${length} bytes in a file of ${bytes.length}`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length));
    return { text, start: 8 + length };
  } catch {
    throw new RangeError('a header that is not UTF-8');
  }
}

function parseHeader(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new RangeError('a header that is not JSON');
  }
  if (!isObject(header)) throw new RangeError('a header that is not an object');
  return header;
}

function checkEntry(name: string, entry: unknown): { type: TypeName; shape: number[]; begin: number; bytes: number } {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  if (typeof dtype !== 'string' || !Object.hasOwn(types, dtype)) {
    throw new RangeError(`tensor ${name} is not of type ${Object.keys(types).join(', ')}`);
  }
  if (!isCounts(shape) || shape.length > MAX_DIMENSIONS) throw new RangeError(`tensor ${name} has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw new RangeError(`tensor ${name} has no valid offsets`);
  const type = dtype as TypeName;
  const bytes = shape.reduce((product, size) => product * size, widthOf(type));
  const [begin, end] = offsets;
  if (end - begin !== bytes) throw new RangeError(`tensor ${name} has ${end - begin} bytes, its shape ${bytes}`);
  return { type, shape, begin, bytes };
}

function checkMetadata(metadata: unknown): Record<string, string> {
  if (isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  throw new RangeError('metadata that are not texts by name');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function typeOf(values: TensorValues): TypeName {
  return (Object.keys(types) as TypeName[]).find((name) => values instanceof types[name]) as TypeName;
}

function widthOf(type: TypeName): number {
  return types[type].BYTES_PER_ELEMENT;
}
