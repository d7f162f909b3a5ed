import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import type { ApiEnv } from './request-context.ts';

/** What callers send by themselves. */
const OWN_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'X-Key-Id',
  'X-Nonce',
  'X-Request-Id',
  'X-Signature',
  'X-Timestamp',
];

/**
 * CORS for pages of these origins: `https://app.example.com`, `https://*.example.com` for every name under it, `*` for all.
 * Nothing here depends on cookies, so a page may send whatever headers it likes: monitoring adds `traceparent` and others to
 * every call, and a browser blocks the whole call over one header that is not allowed.
 */
export function allowOrigins(origins: readonly string[]) {
  const covered = (origin: string) => (origins.some((entry) => covers(entry, origin)) ? origin : null);
  const rules = {
    origin: origins.includes('*') ? '*' : covered,
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    exposeHeaders: ['X-Request-Id', 'Location', 'Retry-After', 'Idempotency-Replayed'],
    maxAge: 600,
  };
  const withCors = cors(rules);
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.method !== 'OPTIONS') return withCors(c, next);
    // The library takes every OPTIONS for a preflight. Without this header an OPTIONS asks a route for its methods.
    if (c.req.header('access-control-request-method') === undefined) return next();
    const asked = headerNames(c.req.header('access-control-request-headers'));
    return cors({ ...rules, allowHeaders: [...OWN_HEADERS, ...asked] })(c, next);
  });
}

/** Whether an entry of CORS_ALLOWED_ORIGINS lets this origin in. */
function covers(entry: string, origin: string): boolean {
  const [scheme = '', domain] = entry.split('*');
  if (domain === undefined) return entry === origin;
  if (!origin.startsWith(scheme) || !origin.endsWith(domain)) return false;
  return /^[\w-][\w.-]*$/.test(origin.slice(scheme.length, -domain.length));
}

/** Those of a list that can name a header (RFC 9110 section 5.6.2), but for `*`. */
function headerNames(list = ''): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[\w!#$%&'+.^`|~-]+$/.test(name));
}
