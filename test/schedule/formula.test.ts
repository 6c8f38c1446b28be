import fc from 'fast-check';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { compile, MAX_LENGTH } from 'fedtempo/shared/schedule/formula/compile.js';
import { expect, test } from 'vitest';
import { progressAt } from '../support/schedule-specs.js';

const at = (text: string, round = 10) => compile(text, 'value')(round, progressAt(round));

test.each<[string, number]>([
  ['1 + 2 * 3', 7],
  ['(1 + 2) × 3', 9],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2', -4],
  ['2 ^ -1', 0.5],
  ['2 ** 3', 8],
  ['8 ÷ 2 ÷ 2', 2],
  ['5 − 3 - 1', 1],
  ['--3', 3],
  ['1.5e1 + .5', 15.5],
  ['round', 10],
  ['round(2.5) + round', 13],
  ['round / totalRounds', 0.25],
  ['step / totalSteps', 0.25],
  ['examplesSeen / totalExamples', 0.25],
  ['t + 1', 11],
  ['min(3, 1, 2) + max(3, 1)', 4],
  ['sqrt(16) + abs(0 - 2) + floor(1.9) + ceil(0.1)', 8],
  ['cos(pi)', -1],
  ['exp(0) + log(1)', 1],
  ['if(round < 10, 1, 2)', 2],
  ['if(round <= 10, 1, 2)', 1],
  ['(round == 10) + (round != 10) + (round > 9) + (round ≥ 11)', 2],
])('%s is %d', (text, value) => {
  expect(at(text)).toBe(value);
});

test.each<[string, string, string]>([
  ['0.1 * rounds', 'rounds at position 7', 't, round, totalRounds, step'],
  ['sin(round)', 'sin at position 1', 'min, max, sqrt'],
  ['constructor', 'constructor at position 1', 'round'],
  ['toString(1)', 'toString at position 1', 'min'],
  ['min', 'min at position 1', 'round'],
  ['1 +', 'the end at position 4', 'a number'],
  ['(1 + 2', 'the end at position 7', ')'],
  ['1 2', '2 at position 3', 'an operator'],
  ['min(1)', '1 at position 1', '2 to 16'],
  ['if(1, 2)', '2 at position 1', '3'],
  ['1; 2', '";" at position 2', 'numbers'],
  ['a.b', '"." at position 2', 'numbers'],
  ['', 'the end at position 1', 'a number'],
  ['1 < 2 < 3', '< at position 7', 'an operator'],
])('%s is refused by position', (text, found, expected) => {
  const attempt = () => compile(text, 'schedules.learningRate.value');
  expect(attempt).toThrow(FedtempoError);
  try {
    attempt();
  } catch (error) {
    const { details } = error as FedtempoError;
    expect(details.found).toBe(found);
    expect(details.expected).toContain(expected);
    expect(details.where).toBe('schedules.learningRate.value');
  }
});

test('length, depth and size are bounded', () => {
  expect(() => compile('1'.repeat(MAX_LENGTH + 1), 'value')).toThrow('too long');
  expect(() => compile(`${'('.repeat(60)}1${')'.repeat(60)}`, 'value')).toThrow('nesting deeper than');
  expect(() => compile('-'.repeat(60) + 1, 'value')).toThrow('nesting deeper than');
  expect(() => compile(`1${'^1'.repeat(60)}`, 'value')).toThrow('nesting deeper than');
  expect(() => compile(`1${'+1'.repeat(200)}`, 'value')).toThrow('more than');
});

test('arithmetic agrees with the language’s own', () => {
  const number = fc.double({ min: 0.01, max: 100, noNaN: true });
  fc.assert(
    fc.property(number, number, number, (a, b, c) => {
      expect(at(`${a} + ${b} * ${c} - ${a} / ${b}`)).toBe(a + b * c - a / b);
      expect(at(`(${a} - ${b}) * (${a} + ${c})`)).toBe((a - b) * (a + c));
    }),
  );
});

test('any text compiles or is refused, and nothing else', () => {
  const piece = fc.constantFrom(
    '1',
    'round',
    '+',
    '-',
    '*',
    '^',
    '(',
    ')',
    ',',
    'min',
    'if',
    ' ',
    '<',
    '2.5',
    'x',
    '@',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        expect(typeof at(pieces.join(''))).toBe('number');
      } catch (error) {
        expect(error).toBeInstanceOf(FedtempoError);
      }
    }),
  );
});
