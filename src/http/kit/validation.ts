import type { z } from '@hono/zod-openapi';
import { AppError } from '../../domain/app-error.ts';
import { formatPath, type Issue } from './json-body.ts';

const MAX_ISSUES = 20;

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

export type Validated<T> =
  | { readonly value: T; readonly issues: [] }
  | { readonly value: null; readonly issues: Issue[] };

/** The value as the schema sees it, or every problem in words that a person can act on. Never quotes a value. */
export function validate<T>(schema: z.ZodType<T>, input: unknown): Validated<T> {
  const result = schema.safeParse(input, { error: sentenceFor });
  if (result.success) return { value: result.data, issues: [] };
  return { value: null, issues: result.error.issues.flatMap(issuesOf) };
}

/** One error for all problems of a request. */
export function invalidRequest(issues: readonly Issue[]): AppError {
  const count = issues.length === 1 ? 'one problem' : `${issues.length} problems`;
  const more = issues.length > MAX_ISSUES ? ` The first ${MAX_ISSUES} are listed.` : '';
  return new AppError('invalid_request', `The request has ${count}; see “issues”.${more}`, {
    issues: issues.slice(0, MAX_ISSUES),
  });
}

function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: formatPath(issue.path), message: issue.message }];
  return issue.keys.map((key) => ({ path: formatPath([...issue.path, key]), message: 'is not a known field' }));
}

function sentenceFor(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is required'
        : `must be ${phrase(issue.expected)}, not ${phraseOf(issue.input)}`;
    case 'too_small':
      return `must ${amount(issue.origin)} at least ${issue.minimum}${unit(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `must ${amount(issue.origin)} at most ${issue.maximum}${unit(issue.origin, issue.maximum)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'must be an ISO 8601 instant with a zone, such as 2026-01-31T12:00:00Z (in a query, write + as %2B)'
        : 'has the wrong form';
    case 'invalid_union':
      return 'has none of the allowed forms';
    default:
      return 'is not valid';
  }
}

function amount(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function unit(origin: string, count: number | bigint): string {
  if (origin === 'string') return count === 1 ? ' character' : ' characters';
  if (origin === 'array') return count === 1 ? ' item' : ' items';
  return '';
}

const PHRASES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function phrase(type: string): string {
  return PHRASES[type] ?? type;
}

function phraseOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  return typeof value === 'boolean' ? 'a boolean' : phrase(typeof value);
}
