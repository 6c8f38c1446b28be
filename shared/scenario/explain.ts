/** Turns what the schema found wrong into one clear error: where, found, expected, and the nearest known key or value. */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { FedtempoError } from '../errors.js';
import type { Path, ScenarioSource } from './source.js';

type Issue = z.core.$ZodIssue;

interface Finding {
  readonly path: Path;
  readonly summary: string;
  readonly found: string;
  readonly expected: string;
  readonly fix?: string | undefined;
}

/** The longest text that an error repeats of what was found. */
const MAX_SHOWN = 100;

/** The most further findings that one error lists. */
const MAX_FURTHER = 8;

/** One error for all issues: the first in full, the others a line each. */
export function explain(issues: readonly Issue[], source: ScenarioSource, schema: z.ZodType): FedtempoError {
  const findings = issues.flatMap((issue) => findingsOf(issue, [], source.value, schema));
  // A misspelt key is unknown and, if required, missing too: the finding that knows the way out comes first.
  findings.sort((a, b) => Number(b.fix !== undefined) - Number(a.fix !== undefined));
  const [first, ...further] = findings;
  const also = further
    .slice(0, MAX_FURTHER)
    .map(
      ({ path, summary, found, expected }) =>
        `\n  also:     ${source.locate(path)}: ${summary}: ${found}; expected ${expected}`,
    );
  const fix = first.fix === undefined ? {} : { fix: first.fix };
  const details = { where: source.locate(first.path), found: first.found, ...fix };
  return new FedtempoError('SCENARIO_INVALID', first.summary, { ...details, expected: first.expected + also.join('') });
}

function findingsOf(issue: Issue, prefix: Path, root: unknown, schema: z.ZodType): Finding[] {
  const path = [...prefix, ...issue.path] as Path;
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path, root);
      return issue.keys.map((key) => ({
        path: [...path, key],
        summary: 'unknown key',
        found: key.slice(0, MAX_SHOWN),
        expected: known.length > 0 ? known.join(', ') : 'no key here',
        fix: suggestion(key, known),
      }));
    }
    case 'invalid_union': {
      if ('discriminator' in issue && issue.discriminator !== undefined)
        return [unknownKind(issue, path, value, schema, root)];
      return branchFindings(issue.errors, path, root, schema, value);
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const fix = typeof value === 'string' ? suggestion(value, values) : undefined;
      return [
        { path, summary: missing(value) ?? 'unknown value', found: show(value), expected: values.join(', '), fix },
      ];
    }
    case 'invalid_type':
      return [
        { path, summary: missing(value) ?? 'wrong type', found: show(value), expected: typeName(issue.expected) },
      ];
    case 'too_small': {
      const expected = `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`;
      return [{ path, summary: 'too small', found: show(value), expected }];
    }
    case 'too_big': {
      const expected = `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`;
      return [{ path, summary: 'too large', found: show(value), expected }];
    }
    default:
      return [{ path, summary: 'not as expected', found: show(value), expected: issue.message }];
  }
}

/** Of a union's branches, the one that came closest: an object is explained by the branch for objects of its kind. */
function branchFindings(errors: Issue[][], path: Path, root: unknown, schema: z.ZodType, value: unknown): Finding[] {
  const branches = errors.flatMap(unnest);
  const ofOtherType = (branch: Issue[]) =>
    branch.some(
      (issue) => issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value'),
    );
  const ofOtherKind = (branch: Issue[]) =>
    branch.some((issue) => issue.code === 'invalid_union' && 'discriminator' in issue && issue.path.length === 1);
  const objects = branches.filter((branch) => !ofOtherType(branch));
  const near = objects.find((branch) => !ofOtherKind(branch)) ?? objects[0];
  if (near !== undefined) return near.flatMap((issue) => findingsOf(issue, path, root, schema));
  const literals = branches.flat().flatMap((issue) => (issue.code === 'invalid_value' ? issue.values.map(String) : []));
  const types = branches.flat().flatMap((issue) => ('expected' in issue ? [typeName(issue.expected)] : []));
  const expected = [...new Set([...literals, ...types])].join(', or ');
  const fix = typeof value === 'string' ? suggestion(value, literals) : undefined;
  return [{ path, summary: missing(value) ?? 'wrong type', found: show(value), expected, fix }];
}

/** The branches of a union inside a union are branches of the outer one. */
function unnest(branch: Issue[]): Issue[][] {
  const [issue] = branch;
  const inner = branch.length === 1 && issue.code === 'invalid_union' && issue.path.length === 0;
  return inner && !('discriminator' in issue) ? issue.errors.flatMap(unnest) : [branch];
}

function unknownKind(issue: Issue, path: Path, value: unknown, schema: z.ZodType, root: unknown): Finding {
  const key = (issue as { discriminator?: string }).discriminator ?? 'kind';
  // The issue's path already ends in the discriminator.
  const parent = path[path.length - 1] === key ? path.slice(0, -1) : path;
  const found = valueAt(root, [...parent, key]);
  const kinds = optionsAt(schema, parent, root).flatMap((option) => literalValues(option.shape[key]));
  const fix = typeof found === 'string' ? suggestion(found, kinds) : undefined;
  const summary = missing(found) ?? (value === undefined ? 'missing' : 'unknown kind');
  return { path: [...parent, key], summary, found: show(found), expected: kinds.join(', '), fix };
}

function suggestion(written: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(written, [...known]);
  return distance(written, nearest) <= Math.max(2, written.length / 2) ? `did you mean ${nearest}?` : undefined;
}

function missing(value: unknown): string | undefined {
  return value === undefined ? 'missing' : undefined;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}...` : text;
}

function typeName(type: string): string {
  const names: Record<string, string> = {
    int: 'an integer',
    number: 'a number',
    string: 'a text',
    object: 'keys and values',
    array: 'a list',
    record: 'keys and values',
  };
  return names[type] ?? type;
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    root,
  );
}

/** The keys that an object at `path` may have, given what else it holds. */
function keysAt(schema: z.ZodType, path: Path, root: unknown): string[] {
  return [...new Set(optionsAt(schema, path, root, true).flatMap((option) => Object.keys(option.shape)))];
}

/** The object schemas that may stand at `path`; with `matching`, only those whose `kind` is the one written. */
function optionsAt(schema: z.ZodType, path: Path, root: unknown, matching = false): z.ZodObject[] {
  let schemas = objectsIn(schema);
  path.forEach((key, depth) => {
    if (typeof key === 'number') return;
    schemas = matchingKind(schemas, valueAt(root, path.slice(0, depth))).flatMap((object) => {
      const next = object.shape[String(key)] as z.ZodType | undefined;
      return next === undefined ? [] : objectsIn(next);
    });
  });
  return matching ? matchingKind(schemas, valueAt(root, path)) : schemas;
}

function matchingKind(schemas: z.ZodObject[], value: unknown): z.ZodObject[] {
  const kind = valueAt(value, ['kind']);
  const matches = schemas.filter((schema) => literalValues(schema.shape.kind).includes(String(kind)));
  return matches.length > 0 ? matches : schemas;
}

function objectsIn(schema: z.ZodType): z.ZodObject[] {
  if (schema instanceof z.ZodObject) return [schema];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objectsIn(option as z.ZodType));
  // A list stands for its entries: `optionsAt` passes over their numbers.
  if (schema instanceof z.ZodArray) return objectsIn(schema.element as z.ZodType);
  if (schema instanceof z.ZodLazy) return objectsIn(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return objectsIn(schema.unwrap() as z.ZodType);
  }
  return [];
}

function literalValues(schema: unknown): string[] {
  return schema instanceof z.ZodLiteral
    ? [...schema.values].map(String)
    : schema instanceof z.ZodEnum
      ? schema.options.map(String)
      : [];
}
