import type { z } from '@hono/zod-openapi';
import type { Scope } from '../../access/api-keys.ts';
import type { AppErrorCode } from '../../domain/app-error.ts';
import type { RouteAccess } from './authenticate.ts';
import type { ApiContext } from './request-context.ts';
import type { Tag } from './tags.ts';

type AnswerSpec = {
  readonly description: string;
  /** Null for an answer without a body. */
  readonly body: z.ZodType | null;
  /** The answer to a request that is not documented either. */
  readonly isUndocumented?: true;
  /** The media type of a body that is text. Left out, the body is JSON. */
  readonly mediaType?: string;
  /** The media type in which the handler may give a stream instead, with its own `Content-Type`. */
  readonly streamedAs?: string;
  /** The handler gives the body as octets, which `body` only documents. */
  readonly isOctets?: true;
  /** Names of headers, each with its description. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Operations that take the `id` of this answer as theirs, by `operationId`. */
  readonly leadsTo?: readonly string[];
};

/** What each line holds, by the name that it has in the documents. */
type LineSpec = { readonly name: string; readonly schema: z.ZodType };

/**
 * Who may call. `key`: callers must prove that they hold an API key with this scope. `subscriber`: a token of one user is
 * enough, for that user.
 */
type RouteGuard = { readonly access: 'open' } | { readonly access: RouteAccess; readonly scope: Scope };

/** All that is to know about a route: what it takes, what it gives, how it refuses. Validation and documents follow it. */
export type RouteSpec = RouteGuard & {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI's form, for example `/v1/notifications/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** For the routes that tell of the process itself; all others refuse with `shutting_down`. */
  readonly isServedWhileStopping?: true;
  /**
   * A call with an API key that is no GET changes something, and the audit log has it, unless it only `reads`, or what it makes is
   * itself `on_record`: a notification, a subscription.
   */
  readonly isUnaudited?: 'reads' | 'on_record';
  /** Whether a call with this body changes nothing after all, such as a dry run. */
  readonly onlyReads?: (body: unknown) => boolean;
  /** The audit log has the change, and not whom its path names. */
  readonly auditNamesNobody?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: {
    readonly schema: z.ZodType;
    /** What is documented where that is less than `schema` takes. */
    readonly documented?: z.ZodType;
    /** A body that the route takes as it is. */
    readonly example: unknown;
    readonly required: boolean;
    /** How many values it may hold in all, where that is more than most bodies need. */
    readonly mostValues?: number;
    /** A field that is required with an API key alone: a subscriber's token says the same. */
    readonly requiredWithKey?: string;
  };
  /** Lines come in, which the handler reads while they arrive (`c.get('bodyStream')`), and lines go out. */
  readonly lines?: {
    readonly taken: LineSpec;
    readonly given: LineSpec;
    /** A body that the route takes as it is. */
    readonly example: string;
  };
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** The refusals of this route alone. `errorsOf` adds those that come with its access and its body. */
  readonly errors: readonly AppErrorCode[];
};

type Part<R, Name extends string> = R extends { readonly [K in Name]: infer S extends z.ZodType } ? z.output<S> : null;

type BodyOf<R> = R extends { readonly body: { readonly schema: infer S extends z.ZodType; readonly required: infer Q } }
  ? z.output<S> | (Q extends true ? never : null)
  : null;

/** What a handler gets, validated. An optional body that was not sent is null. */
export type InputOf<R extends RouteSpec> = {
  readonly params: Part<R, 'params'>;
  readonly query: Part<R, 'query'>;
  readonly headers: Part<R, 'headers'>;
  readonly body: BodyOf<R>;
};

type AnswerBody<A> = A extends { readonly streamedAs: string; readonly body: infer S extends z.ZodType }
  ? z.output<S> | ReadableStream<Uint8Array>
  : WholeBody<A>;

type WholeBody<A> = A extends { readonly isOctets: true }
  ? Uint8Array<ArrayBuffer>
  : A extends { readonly body: infer S extends z.ZodType }
    ? z.output<S>
    : null;

/** What a handler may answer: a documented status with the body that its schema describes. */
type AnswerOf<R extends RouteSpec> = {
  [Status in keyof R['answers']]: {
    readonly status: Status;
    readonly body: AnswerBody<R['answers'][Status]>;
    readonly headers?: Readonly<Record<string, string>>;
  };
}[keyof R['answers']];

export type RouteHandler<R extends RouteSpec> = (input: InputOf<R>, c: ApiContext) => Promise<AnswerOf<R>>;

/** An answer with the literal type of its status, which picks the body that it must have. */
export function answer<const Status extends number, Body>(
  status: Status,
  body: Body,
  headers: Readonly<Record<string, string>> = {},
): { readonly status: Status; readonly body: Body; readonly headers: Readonly<Record<string, string>> } {
  return { status, body, headers };
}

/** Keeps the literal types of a route: the compiler checks its handler against them. */
export function defineRoute<const R extends RouteSpec>(route: R): R {
  return route;
}

/** The path of one resource, for `Location`. */
export function resourcePath(path: `${string}{id}`, id: string): string {
  return path.replace('{id}', id);
}

/** `invalid_request`: a Host or a target that no route gets to see (`listener.ts`). */
const EVERYWHERE: readonly AppErrorCode[] = ['invalid_request', 'shutting_down', 'internal_error'];
const WITH_CALLER: readonly AppErrorCode[] = [
  'missing_credentials',
  'unknown_key',
  'bad_signature',
  'stale_timestamp',
  'reused_nonce',
  'invalid_bearer_token',
  'bearer_disabled',
  'invalid_subscriber_token',
  'expired_subscriber_token',
  'subscriber_token_not_enough',
  'insufficient_scope',
  'store_unavailable',
];
const WITH_BODY: readonly AppErrorCode[] = [
  'body_too_large',
  'body_timeout',
  'overloaded',
  'malformed_json',
  'unsupported_media_type',
];

/** Every code that a route can refuse with. */
export function errorsOf(route: RouteSpec): readonly AppErrorCode[] {
  const hasBody = route.body !== undefined || route.lines !== undefined;
  return [
    ...route.errors,
    ...(route.access === 'open' ? [] : WITH_CALLER),
    ...(hasBody ? WITH_BODY : (['unexpected_body'] as const)),
    ...EVERYWHERE.filter((code) => code !== 'shutting_down' || route.isServedWhileStopping !== true),
  ];
}
