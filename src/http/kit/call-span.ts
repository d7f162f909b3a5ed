import { createMiddleware } from 'hono/factory';
import { type BeginCall, readTraceparent } from '../../domain/trace.ts';
import type { ApiEnv } from './request-context.ts';

/** Health, metrics and files are asked for all day, and lead to nothing. */
const TRACED = /^https?:\/\/[^/]*\/v1\//;

/** Keeps what the caller's trace is known by. A span of our own goes between where spans are told to somebody. */
export function traceCalls(beginCall: BeginCall | null) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const parent = readTraceparent(c.req.header('traceparent'));
    const span = beginCall !== null && TRACED.test(c.req.url) ? beginCall(c.req.method, parent) : null;
    const trace = span?.traceparent ?? parent;
    if (trace !== null) c.set('trace', trace);
    await next();
    span?.end({ route: c.get('route'), status: c.res.status, requestId: c.get('requestId') });
  });
}
