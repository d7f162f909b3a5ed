import type { z } from '@hono/zod-openapi';
import { AppError } from '../../domain/app-error.ts';
import { type Issue, inspectJson, parseJson } from './json-body.ts';
import { findLosses } from './json-losses.ts';
import { parseMediaType } from './media-type.ts';
import type { ApiContext } from './request-context.ts';
import type { InputOf, RouteSpec } from './route.ts';
import { invalidRequest, validate } from './validation.ts';

/** All that a route takes, validated at once, so that a caller learns of all problems together: `invalid_request`. */
export function readInput<R extends RouteSpec>(route: R, c: ApiContext): InputOf<R> {
  const parts = {
    params: readParams(route, c),
    query: readQuery(route, c),
    headers: readHeaders(route, c),
    body: readBody(route.body, c),
  };
  const issues = Object.values(parts).flatMap((part) => part.issues);
  if (issues.length > 0) throw invalidRequest(issues);
  return {
    params: parts.params.value,
    query: parts.query.value,
    headers: parts.headers.value,
    body: parts.body.value,
  } as InputOf<R>;
}

/** The body of a request that no route describes, validated. Throws what the body of a route is refused with. */
export function readJsonBody<Schema extends z.ZodType>(schema: Schema, c: ApiContext): z.output<Schema> {
  const { value, issues } = readBody({ schema, example: null, required: true }, c);
  if (issues.length > 0) throw invalidRequest(issues);
  return value as z.output<Schema>;
}

export type Read = { readonly value: unknown; readonly issues: readonly Issue[] };

const NOTHING: Read = { value: null, issues: [] };

/** Whatever stands for an `id` is taken: no resource has an id of another form, so it is unknown. */
function readParams({ params }: RouteSpec, c: ApiContext): Read {
  if (params === undefined) return NOTHING;
  const given = c.req.param();
  if (Object.hasOwn(params.shape, 'id')) return { value: given, issues: [] };
  // The router leaves what is no UTF-8 encoded, where it would stand for another text.
  if (c.req.url.includes('%') && !isUtf8(new URL(c.req.url).pathname)) {
    return { value: null, issues: [issue('target', 'is not valid UTF-8 in its path')] };
  }
  return validate(params, given);
}

function readQuery({ query, access }: RouteSpec, c: ApiContext): Read {
  if (access === 'open' && query === undefined) return NOTHING;
  const url = c.req.url.includes('?') ? new URL(c.req.url) : null;
  const garbled = garbledNames(url?.search ?? '');
  if (garbled.length > 0) return { value: null, issues: garbled.map((name) => issue(name, 'is not valid UTF-8')) };
  const given = [...(url?.searchParams ?? [])];
  const values = Object.fromEntries(given);
  const repeated = repeatedNames(given);
  if (repeated.size > 0) {
    return { value: null, issues: [...repeated].map((name) => issue(name, 'is given more than once')) };
  }
  const unknown = Object.keys(values).filter((name) => query === undefined || !Object.hasOwn(query.shape, name));
  const checked = query === undefined ? NOTHING : validate(query, values);
  const strange = unknown.map((name) => issue(name, 'is not a known query parameter'));
  return { value: checked.value, issues: [...strange, ...checked.issues] };
}

/** Parameters whose octets are no UTF-8. The URL parser would put U+FFFD in their place, and so ask for something else. */
function garbledNames(search: string): readonly string[] {
  if (!search.includes('%')) return [];
  const parameters = search
    .slice(1)
    .split('&')
    .filter((each) => !isUtf8(each));
  return parameters.map((each) => each.split('=', 1)[0] ?? '');
}

function isUtf8(encoded: string): boolean {
  try {
    return decodeURIComponent(encoded) !== null;
  } catch {
    return false;
  }
}

function repeatedNames(given: readonly (readonly [name: string, value: string])[]): ReadonlySet<string> {
  const names = new Set<string>();
  const repeated = new Set<string>();
  for (const [name] of given) (names.has(name) ? repeated : names).add(name);
  return repeated;
}

function readHeaders({ headers }: RouteSpec, c: ApiContext): Read {
  if (headers === undefined) return NOTHING;
  const given: Record<string, string> = {};
  let isAny = false;
  for (const name in headers.shape) {
    const value = c.req.header(name);
    if (value === undefined) continue;
    given[name] = value;
    isAny = true;
  }
  return isAny ? validate(headers, given) : withoutHeaders(headers);
}

const readWithoutHeaders = new WeakMap<z.ZodObject, Read>();

/** Most requests lack all headers of their route, and validating no headers always gives the same: it is done once. */
function withoutHeaders(headers: z.ZodObject): Read {
  const known = readWithoutHeaders.get(headers);
  if (known !== undefined) return known;
  const read = validate(headers, {});
  readWithoutHeaders.set(headers, read);
  return read;
}

function readBody(body: RouteSpec['body'], c: ApiContext): Read {
  const rawBody = c.get('rawBody');
  if (body === undefined || (!body.required && rawBody.byteLength === 0)) return NOTHING;
  if (rawBody.byteLength > 0) checkMediaType(c.req, c.req.method === 'PATCH' ? PATCH_BODY : JSON_BODY);
  return readJson(rawBody, { part: 'body', mostValues: body.mostValues }, (parsed) => {
    const { value, issues } = validate(body.schema, parsed);
    const more = missingWithKey(body.requiredWithKey, parsed, c);
    return more.length === 0 ? { value, issues } : { value: null, issues: [...more, ...issues] };
  });
}

type JsonPart = { readonly part: 'body' | 'line'; readonly mostValues: number | undefined };

/** JSON that is fit to be looked at, as `look` finds it. Throws `malformed_json` where it is none. */
export function readJson(octets: Uint8Array, { part, mostValues }: JsonPart, look: (parsed: unknown) => Read): Read {
  const { text, value: parsed } = parseJson(octets, part);
  const { hazard, nameCount } = inspectJson(parsed, mostValues);
  if (hazard !== null) return { value: null, issues: [hazard] };
  const read = look(parsed);
  const losses = findLosses(text, nameCount);
  return losses.length === 0 ? read : { value: null, issues: [...losses, ...read.issues] };
}

function missingWithKey(field: string | undefined, parsed: unknown, c: ApiContext): readonly Issue[] {
  if (field === undefined || c.get('caller')?.kind === 'subscriber') return [];
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  return isObject && !Object.hasOwn(parsed, field) ? [issue(field, 'is required')] : [];
}

/** What a body may be declared as, and how to declare it. */
export type BodyForm = { readonly mediaTypes: readonly string[]; readonly advice: string };

const JSON_BODY: BodyForm = {
  mediaTypes: ['application/json'],
  advice: 'Send the body as JSON in UTF-8, with Content-Type: application/json.',
};

/** RFC 7396, which is what every PATCH takes. */
const PATCH_BODY: BodyForm = { ...JSON_BODY, mediaTypes: [...JSON_BODY.mediaTypes, 'application/merge-patch+json'] };

/** Throws `unsupported_media_type` where the head declares a body of another form, or an encoded one. */
export function checkMediaType(request: Pick<ApiContext['req'], 'header'>, { mediaTypes, advice }: BodyForm): void {
  if ((request.header('content-encoding') ?? 'identity').trim().toLowerCase() !== 'identity') {
    throw new AppError('unsupported_media_type', 'Send the body as it is: no Content-Encoding is understood here.');
  }
  const fault = faultOfContentType(request.header('content-type') ?? '', mediaTypes);
  if (fault !== null) throw new AppError('unsupported_media_type', `${fault} ${advice}`);
}

/** Parameters other than a charset have no meaning here, and do no harm. */
function faultOfContentType(contentType: string, mediaTypes: readonly string[]): string | null {
  if (mediaTypes.includes(contentType)) return null;
  if (contentType.trim() === '') return 'There is no Content-Type.';
  const mediaType = parseMediaType(contentType);
  if (mediaType === null) return 'The Content-Type is no media type.';
  if (!mediaTypes.includes(mediaType.type)) return 'The Content-Type is another.';
  const isUtf8 = mediaType.parameters.every(([name, value]) => name !== 'charset' || /^utf-?8$/i.test(value));
  return isUtf8 ? null : 'The Content-Type has another charset.';
}

function issue(name: string, message: string): Issue {
  return { path: name.slice(0, 64), message };
}
