/**
 * Lists the instructions of a WebAssembly module by decoding its code section (WebAssembly core specification 2.0,
 * chapter 5): enough of the format for what the compiler emits, and an error for anything else.
 */

class Reader {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    if (this.at >= this.bytes.length) throw new Error('the module ends early');
    return this.bytes[this.at++];
  }

  /** A LEB128 number; the sign does not matter here. */
  leb(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}

/** Opcode → how its immediates are skipped. Opcodes without immediates are listed as ranges below. */
const immediates: Record<number, (reader: Reader) => void> = {};
const leb = (reader: Reader) => void reader.leb();
const twice = (reader: Reader) => {
  reader.leb();
  reader.leb();
};
for (const opcode of [0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42]) {
  immediates[opcode] = leb;
}
immediates[0x11] = twice;
immediates[0x0e] = (reader) => {
  for (let targets = reader.leb() + 1; targets > 0; targets--) reader.leb();
};
for (let opcode = 0x28; opcode <= 0x3e; opcode++) immediates[opcode] = twice;
immediates[0x43] = (reader) => reader.skip(4);
immediates[0x44] = (reader) => reader.skip(8);
for (const opcode of [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b]) immediates[opcode] = () => {};
for (let opcode = 0x45; opcode <= 0xc4; opcode++) immediates[opcode] = () => {};

/** Every instruction of the module as its opcode, 0xfc00 + n and 0xfd000 + n for the two prefixed groups. */
export function opcodesOf(module: Uint8Array): Set<number> {
  const reader = new Reader(module);
  reader.skip(8);
  const found = new Set<number>();
  while (reader.at < module.length) {
    const section = reader.byte();
    const end = reader.leb() + reader.at;
    if (section === 10) readCode(reader, found);
    reader.at = end;
  }
  return found;
}

function readCode(reader: Reader, found: Set<number>): void {
  for (let functions = reader.leb(); functions > 0; functions--) {
    const end = reader.leb() + reader.at;
    for (let groups = reader.leb(); groups > 0; groups--) twice(reader);
    while (reader.at < end) found.add(readInstruction(reader));
    if (reader.at !== end) throw new Error('an instruction crosses the end of its function');
  }
}

function readInstruction(reader: Reader): number {
  const opcode = reader.byte();
  if (opcode === 0xfc) return 0xfc00 + bulk(reader);
  if (opcode === 0xfd) return 0xfd000 + simd(reader);
  const skip = immediates[opcode];
  if (skip === undefined) throw new Error(`unknown opcode 0x${opcode.toString(16)} at ${reader.at - 1}`);
  skip(reader);
  return opcode;
}

function bulk(reader: Reader): number {
  const opcode = reader.leb();
  if (opcode === 10)
    reader.skip(2); // memory.copy
  else if (opcode === 11)
    reader.skip(1); // memory.fill
  else if (opcode > 7) throw new Error(`unknown opcode 0xfc ${opcode}`);
  return opcode;
}

function simd(reader: Reader): number {
  const opcode = reader.leb();
  if (opcode <= 11 || opcode === 92 || opcode === 93) twice(reader);
  else if (opcode === 12 || opcode === 13) reader.skip(16);
  else if (opcode >= 21 && opcode <= 34) reader.skip(1);
  else if (opcode >= 84 && opcode <= 91) {
    twice(reader);
    reader.skip(1);
  }
  return opcode;
}
