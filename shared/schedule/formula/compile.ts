/**
 * Expressions by recursive descent, compiled to closures. No eval, no loops, no access to anything but the names in
 * `functions.ts`; length, depth and size are bounded, so that a formula from a stranger's scenario can do no harm.
 *
 *     comparison := sum [(< | <= | > | >= | == | !=) sum]       1 where it holds, 0 where not
 *     sum        := product {(+ | −) product}
 *     product    := signed {(× | ÷) signed}
 *     signed     := (− | +) signed | power
 *     power      := atom [^ signed]                             binds tighter than a sign before it: −2^2 = −4
 *     atom       := number | variable | constant | function(comparison, …) | (comparison)
 *
 * `if(c, a, b)` computes both a and b and gives a where c is not 0.
 */
import { type ErrorDetails, FedtempoError } from '../../errors.js';
import { power } from '../../math/elementary.js';
import type { Curve } from '../schedule.js';
import { constants, functions, variables } from './functions.js';
import { type Token, tokenize } from './tokens.js';

export const MAX_LENGTH = 500;
export const MAX_DEPTH = 40;
export const MAX_NODES = 300;

/**
 * @param where dotted path of the expression, for errors
 * @throws FedtempoError SCHEDULE_INVALID, with the position counted from 1
 */
export function compile(text: string, where: string): Curve {
  if (text.length > MAX_LENGTH) {
    throw refusal(where, 'the formula is too long', {
      found: `${text.length} characters`,
      expected: `at most ${MAX_LENGTH}`,
      fix: 'shorten it, or join several formulas',
    });
  }
  const tokens = tokenize(text);
  if (!Array.isArray(tokens)) {
    throw refusal(where, 'a character that no formula has', {
      found: `${JSON.stringify(text[tokens.position - 1])} at position ${tokens.position}`,
      expected: 'numbers, names, + - * / ^ ( ) , and comparisons',
      fix: 'remove the character',
    });
  }
  return new Parser(tokens, where).parse();
}

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

class Parser {
  #at = 0;
  #depth = 0;
  #nodes = 0;
  readonly #tokens: readonly Token[];
  readonly #where: string;

  constructor(tokens: readonly Token[], where: string) {
    this.#tokens = tokens;
    this.#where = where;
  }

  parse(): Curve {
    const curve = this.#comparison();
    if (this.#next.kind !== 'end') throw this.#unexpected('an operator or the end');
    return curve;
  }

  get #next(): Token {
    return this.#tokens[this.#at];
  }

  /** Takes the next token if it is one of these signs. */
  #take(...signs: string[]): string | undefined {
    const { kind, text } = this.#next;
    if (kind !== 'sign' || !signs.includes(text)) return undefined;
    this.#at += 1;
    return text;
  }

  #node(curve: Curve): Curve {
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) throw this.#tooLarge(`more than ${MAX_NODES} operations and operands`);
    return curve;
  }

  #comparison(): Curve {
    const left = this.#sum();
    const sign = this.#take(...Object.keys(comparisons));
    if (sign === undefined) return left;
    const right = this.#sum();
    const holds = comparisons[sign];
    return this.#node((t, progress) => (holds(left(t, progress), right(t, progress)) ? 1 : 0));
  }

  #sum(): Curve {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign !== undefined; sign = this.#take('+', '-')) {
      const [a, b] = [left, this.#product()];
      left = this.#node(
        sign === '+'
          ? (t, progress) => a(t, progress) + b(t, progress)
          : (t, progress) => a(t, progress) - b(t, progress),
      );
    }
    return left;
  }

  #product(): Curve {
    let left = this.#signed();
    for (let sign = this.#take('*', '/'); sign !== undefined; sign = this.#take('*', '/')) {
      const [a, b] = [left, this.#signed()];
      left = this.#node(
        sign === '*'
          ? (t, progress) => a(t, progress) * b(t, progress)
          : (t, progress) => a(t, progress) / b(t, progress),
      );
    }
    return left;
  }

  /** Every way to go deeper passes through here, so depth is counted here. */
  #signed(): Curve {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#tooLarge(`nesting deeper than ${MAX_DEPTH}`);
    const sign = this.#take('+', '-');
    const inner = sign === undefined ? this.#power() : this.#signed();
    this.#depth -= 1;
    return sign === '-' ? this.#node((t, progress) => -inner(t, progress)) : inner;
  }

  #power(): Curve {
    const base = this.#atom();
    if (this.#take('^') === undefined) return base;
    const exponent = this.#signed();
    return this.#node((t, progress) => power(base(t, progress), exponent(t, progress)));
  }

  #atom(): Curve {
    const token = this.#next;
    if (token.kind === 'number') {
      this.#at += 1;
      const value = Number(token.text);
      return this.#node(() => value);
    }
    if (token.kind === 'name') return this.#named(token);
    if (this.#take('(') === undefined) throw this.#unexpected('a number, a name or (');
    const inner = this.#comparison();
    if (this.#take(')') === undefined) throw this.#unexpected(')');
    return inner;
  }

  #named(token: Token): Curve {
    this.#at += 1;
    const { text } = token;
    // `round` is both a variable and a function: a parenthesis after it decides.
    const called = this.#next.kind === 'sign' && this.#next.text === '(';
    if (called && Object.hasOwn(functions, text)) return this.#call(token);
    if (!called && Object.hasOwn(variables, text)) return this.#node(variables[text]);
    if (!called && Object.hasOwn(constants, text)) return this.#node(() => constants[text]);
    const known = called ? Object.keys(functions) : [...Object.keys(variables), ...Object.keys(constants)];
    throw refusal(this.#where, `the formula names an unknown ${called ? 'function' : 'variable'}`, {
      found: `${text} at position ${token.position}`,
      expected: known.join(', '),
      fix: 'use one of these names',
    });
  }

  #call({ text, position }: Token): Curve {
    const { least, most, apply } = functions[text];
    this.#take('(');
    const values = [this.#comparison()];
    while (this.#take(',') !== undefined) values.push(this.#comparison());
    if (this.#take(')') === undefined) throw this.#unexpected('a comma or )');
    if (values.length < least || values.length > most) {
      throw refusal(this.#where, `${text} is given the wrong number of values`, {
        found: `${values.length} at position ${position}`,
        expected: least === most ? String(least) : `${least} to ${most}`,
        fix: 'add or remove values',
      });
    }
    return this.#node((t, progress) => apply(values.map((value) => value(t, progress))));
  }

  #unexpected(expected: string): FedtempoError {
    const { text, position } = this.#next;
    return refusal(this.#where, 'the formula does not read', {
      found: `${text} at position ${position}`,
      expected,
      fix: 'correct the formula at that position',
    });
  }

  #tooLarge(found: string): FedtempoError {
    return refusal(this.#where, 'the formula is too large', {
      found,
      expected: `at most ${MAX_NODES} operations and operands, nested at most ${MAX_DEPTH} deep`,
      fix: 'simplify it, or join several formulas',
    });
  }
}

function refusal(where: string, summary: string, details: Omit<ErrorDetails, 'where'>): FedtempoError {
  return new FedtempoError('SCHEDULE_INVALID', summary, { where, ...details });
}
