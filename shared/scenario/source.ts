/** The text of a scenario as a document whose every value knows its line. Reads YAML and, as a part of it, JSON. */
import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { FedtempoError } from '../errors.js';

/** Longest text that an error repeats of what was found. */
const MAX_FOUND = 200;

/** Larger texts are refused before they are read. */
export const MAX_SCENARIO_CHARACTERS = 256 * 1024;

/** Keys in the path of an override: deeper than any scenario goes. */
const MAX_OVERRIDE_KEYS = 32;

export type Path = readonly (string | number)[];

export interface ScenarioSource {
  /** The plain value, overrides applied. */
  readonly value: unknown;
  /** `file.yaml:12: a.b.c` for a path, by the nearest line that exists. */
  locate(path: Path): string;
}

/**
 * Reads the text and applies overrides in order.
 *
 * @param overrides `path=value` texts, the value in YAML
 * @throws FedtempoError SCENARIO_TOO_LARGE, SCENARIO_SYNTAX, OVERRIDE_INVALID
 */
export function readSource(text: string, file: string, overrides: readonly string[] = []): ScenarioSource {
  if (text.length > MAX_SCENARIO_CHARACTERS) {
    throw new FedtempoError('SCENARIO_TOO_LARGE', 'the scenario file is too large', {
      where: file,
      found: `${text.length} characters`,
      expected: `at most ${MAX_SCENARIO_CHARACTERS}`,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const lineOf = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  refuseSyntax(document, file, lineOf);
  const changed = overrides.map((override) => applyOverride(document, override));
  return {
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    locate: (path) => {
      const dotted = path.join('.');
      if (changed.some((prefix) => dotted === prefix || dotted.startsWith(`${prefix}.`))) return `--set ${dotted}`;
      const offset = offsetOf(document, path);
      return `${offset === undefined ? file : lineOf(offset)}: ${dotted}`;
    },
  };
}

function refuseSyntax(document: Document.Parsed, file: string, lineOf: (offset: number) => string): void {
  const syntax = (where: string, found: string, fix: string) =>
    new FedtempoError('SCENARIO_SYNTAX', 'the scenario is not readable as YAML', {
      where,
      found,
      expected: 'plain YAML or JSON',
      fix,
    });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw syntax(
      lineOf(problem.pos[0]),
      problem.message.slice(0, MAX_FOUND),
      'correct the line; indent with spaces and write each key once',
    );
  }
  visit(document, {
    Alias: (_, node) => {
      throw syntax(lineOf(node.range?.[0] ?? 0), `the alias *${node.source}`, 'write the value out where it is used');
    },
  });
  if (!isMap(document.contents)) {
    throw syntax(file, 'no keys at the top', 'begin with schemaVersion: 1, name, data, model, federation, schedules');
  }
}

function applyOverride(document: Document.Parsed, override: string): string {
  const at = override.indexOf('=');
  const path = override.slice(0, Math.max(at, 0)).trim();
  const value = parseDocument(override.slice(at + 1), { prettyErrors: false, stringKeys: true });
  let readable = value.errors.length + value.warnings.length === 0;
  visit(value, {
    Alias: () => {
      readable = false;
    },
  });
  const refused = (cause?: unknown) => {
    const expected = 'path=value, such as schedules.learningRate=0.05';
    return new FedtempoError(
      'OVERRIDE_INVALID',
      'an override cannot be read',
      { where: '--set', found: override.slice(0, MAX_FOUND), expected },
      cause,
    );
  };
  const keys = path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  if (at < 1 || keys.includes('') || keys.length > MAX_OVERRIDE_KEYS || !readable) throw refused();
  try {
    for (let length = 1; length < keys.length; length++) {
      if (!isCollection(document.getIn(keys.slice(0, length), true)))
        document.setIn(keys.slice(0, length), document.createNode({}));
    }
    document.setIn(keys, document.createNode(value.toJS({ maxAliasCount: 0 })));
  } catch (error) {
    // A list has entries by number alone.
    throw refused(error);
  }
  return path;
}

/** The offset of the key at `path`, or of its nearest ancestor that stands in the text. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true) ?? document.contents;
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair !== undefined && isScalar(pair.key) && pair.key.range != null) return pair.key.range[0];
    } else {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range != null) return node.range[0];
    }
  }
  return undefined;
}
