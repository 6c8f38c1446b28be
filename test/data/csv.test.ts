import fc from 'fast-check';
import { type CsvOptions, MAX_CSV_BYTES, readCsv } from 'fedtempo/shared/data/readers/csv.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { expect, test } from 'vitest';

const encode = (text: string) => new TextEncoder().encode(text);
const read = (text: string, options: CsvOptions = { label: 'y' }) => readCsv(encode(text), 'a.csv', options);

function refusal(bytes: Uint8Array, options: CsvOptions = { label: 'y' }): FedtempoError {
  try {
    readCsv(bytes, 'a.csv', options);
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('the file was read');
}

test('every column but the label is a feature, in the order of the header', () => {
  const { featureCount, features, labels } = read('a,y,b\n1,0,-2.5\n.5,3,1e-2\n');
  expect(featureCount).toBe(2);
  expect([...features]).toEqual([1, -2.5, 0.5, Math.fround(0.01)]);
  expect([...labels]).toEqual([0, 3]);
});

test.each([
  ['Windows line ends', 'a,y\r\n1,0\r\n2,1\r\n'],
  ['no line end after the last row', 'a,y\n1,0\n2,1'],
  ['a byte order mark', '\ufeffa,y\n1,0\n2,1\n'],
  ['quoted cells', '"a","y"\n"1","0"\n"2","1"\n'],
  ['blanks around cells', ' a , y\n 1 ,0\n2, 1 \n'],
  ['blank lines', '\na,y\n\n1,0\n2,1\n\n\n'],
])('%s change nothing', (_, text) => {
  const { features, labels } = read(text);
  expect([...features, ...labels]).toEqual([1, 2, 0, 1]);
});

test('labels that are texts are mapped by the names that the caller lists', () => {
  const names = ['setosa', 'versicolor'];
  expect([...read('a,y\n1,versicolor\n2,setosa\n', { label: 'y', names }).labels]).toEqual([1, 0]);
});

test('a scale divides in float64 and rounds once, as that of bytes does', () => {
  const { features } = read('a,y\n51,0\n7,1\n', { label: 'y', scale: 255 });
  expect([...features]).toEqual([Math.fround(0.2), Math.fround(7 / 255)]);
});

test.each<[string, string, string, string, string]>([
  ['an empty file', '', 'a.csv', 'no examples', 'no header'],
  ['a header alone', 'a,y\n', 'a.csv', 'no examples', 'a header without examples'],
  ['a label column that is not there', 'a,b\n1,0\n', 'a.csv:1', 'not in the header', 'y'],
  ['cells separated by semicolons', 'a;y\n1;0\n', 'a.csv:1', 'not in the header', 'y'],
  ['two label columns', 'y,a,y\n1,0,1\n', 'a.csv:1', 'two columns', 'y'],
  ['a column without a name', ',a,y\n0,1,0\n', 'a.csv:1', 'a column has no name', 'column 1'],
  ['no features', 'y\n0\n', 'a.csv:1', 'the columns do not serve', '0'],
  ['a row that is short', 'a,y\n1,0\n2\n', 'a.csv:3', 'differs from the header', '1 cells'],
  ['a row that is long', 'a,y\n1,0,5\n', 'a.csv:2', 'differs from the header', '3 cells'],
  ['a missing value', 'a,b,y\n1,,0\n', 'a.csv:2: b', 'no finite number', 'an empty cell'],
  ['a value that is no number', 'a,y\n1,0\n\nNA,0\n', 'a.csv:4: a', 'no finite number', 'NA'],
  ['a hexadecimal number', 'a,y\n0x10,0\n', 'a.csv:2: a', 'no finite number', '0x10'],
  ['infinity', 'a,y\nInfinity,0\n', 'a.csv:2: a', 'no finite number', 'Infinity'],
  ['a number beyond float32', 'a,y\n1e39,0\n', 'a.csv:2: a', 'no finite number', '1e39'],
  ['a label with a fraction', 'a,y\n1,0.5\n', 'a.csv:2: y', 'no whole number', '0.5'],
  ['a negative label', 'a,y\n1,-1\n', 'a.csv:2: y', 'no whole number', '-1'],
  ['a label beyond all widths', 'a,y\n1,1000000\n', 'a.csv:2: y', 'no whole number', '1000000'],
  ['a label that is text', 'a,y\n1,cat\n', 'a.csv:2: y', 'no whole number', 'cat'],
  ['a quote left open', 'a,y\n1,0\n"2,1\n', 'a.csv:3', 'the row is not CSV', 'Quoted field unterminated'],
  ['a line counted after a break inside quotes', '"a\nb",y\n1,0\nx,0\n', 'a.csv:4: a\nb', 'no finite number', 'x'],
])('%s is one clear error', (_, text, where, summary, found) => {
  const error = refusal(encode(text));
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.details.where).toBe(where);
  expect(error.summary).toContain(summary);
  expect(error.details.found).toContain(found);
  expect(error.details.expected).toBeTruthy();
  expect(error.details.fix).toBeTruthy();
});

test('without the name of a label column the error lists the columns', () => {
  expect(refusal(encode('age,height,kind\n1,2,0\n'), {}).details.expected).toBe('age, height, kind');
  const many = Array.from({ length: 785 }, (_, index) => `p${index}`).join(',');
  expect(refusal(encode(`${many}\n`), {}).details.expected).toMatch(/^p0, p1, .*p19, … \(785 columns\)$/);
});

test('a text label that the caller did not list is refused with those that are', () => {
  const error = refusal(encode('a,y\n1,cat\n2,dgo\n'), { label: 'y', names: ['cat', 'dog'] });
  expect(error.details).toMatchObject({ where: 'a.csv:3: y', found: 'dgo', expected: 'cat, dog' });
});

test('bytes that are not UTF-8 are refused with their line', () => {
  const error = refusal(Uint8Array.from([...encode('a,y\n1,0\n'), 0xe9, 0x2c, 0x30]));
  expect(error.summary).toContain('not UTF-8');
  expect(error.details.where).toBe('a.csv:3');
});

test('a file above the limit is refused before it is decoded', () => {
  const error = refusal(new Uint8Array(MAX_CSV_BYTES + 1));
  expect(error.summary).toContain('too large');
});

test('memory that threads share is read too', () => {
  const bytes = encode('a,y\n1,0\n');
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  expect(readCsv(shared, 'a.csv', { label: 'y' }).labels.length).toBe(1);
});

test('what is written is what is read', () => {
  const row = fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.nat(999));
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const { features, labels } = read(`a,y\n${rows.map(([a, y]) => `${a},${y}`).join('\n')}\n`);
      // 0 and −0 are one feature: String(−0) is '0'.
      expect([...features].map((value) => value + 0)).toEqual(rows.map(([a]) => a + 0));
      expect([...labels]).toEqual(rows.map(([, y]) => y));
    }),
  );
});

test('a file with pieces cut out or put in is read or refused, and nothing else happens', () => {
  const sound = 'a,"b b",y\r\n1,2.5,0\r\n-3e2,"4",1\r\n0,0,2\r\n';
  const piece = fc.oneof(
    fc.constantFrom(',', '"', '""', '\n', '\r', '\r\n', '\0', '\ufeff', ';', '-', '1e400', '__proto__', ' '),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const edits = fc.array(fc.tuple(fc.nat(sound.length), fc.nat(6), piece), { minLength: 1, maxLength: 5 });
  let accepted = 0;
  fc.assert(
    fc.property(edits, fc.constantFrom('y', 'a', 'b b', ''), (all, label) => {
      let text = sound;
      for (const [at, cut, put] of all) text = text.slice(0, at) + put + text.slice(at + cut);
      try {
        const { featureCount, features, labels } = read(text, { label });
        expect(features.length).toBe(labels.length * featureCount);
        expect(features.every(Number.isFinite)).toBe(true);
        accepted += 1;
      } catch (error) {
        if (!(error instanceof FedtempoError)) throw error;
        expect(error.code).toBe('DATASET_INVALID');
      }
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(0);
});

test('arbitrary bytes are refused, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(refusal(bytes, { label: 'no such column' }).code).toBe('DATASET_INVALID');
    }),
    { numRuns: 500 },
  );
});
