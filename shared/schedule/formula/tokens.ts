/** Cuts an expression into tokens. Positions count characters from 1, as editors do. */
export interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  /** 1-based. */
  readonly position: number;
}

/** Other ways to write a sign. */
const written: Record<string, string> = { '−': '-', '×': '*', '÷': '/', '**': '^', '≤': '<=', '≥': '>=', '≠': '!=' };

const PATTERN =
  /(\s+)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z_0-9]*)|(\*\*|<=|>=|==|!=|[-−+*/×÷^(),<>≤≥≠])/y;

/** The tokens, an end token last; or the position of a character that belongs to none. */
export function tokenize(text: string): Token[] | { readonly position: number } {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  for (let at = 0; at < text.length; at = PATTERN.lastIndex) {
    const match = PATTERN.exec(text);
    if (match === null) return { position: at + 1 };
    const [, space, number, name, sign] = match;
    const position = at + 1;
    if (space !== undefined) continue;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, position });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, position });
    else tokens.push({ kind: 'sign', text: written[sign] ?? sign, position });
  }
  tokens.push({ kind: 'end', text: 'the end', position: text.length + 1 });
  return tokens;
}
