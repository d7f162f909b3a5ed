import { getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { AppError } from '../../domain/app-error.ts';
import { isLoopbackHost } from '../../domain/loopback.ts';
import type { Demo } from '../../intake/demo.ts';
import type { ApiContext, ApiEnv } from '../kit/request-context.ts';

const COOKIE = 'bellhop_demo';
const KEPT_SECONDS = 30 * 24 * 60 * 60;

/** The visitor of the demo page, by a signed cookie that scripts cannot read and other sites cannot send; null without a cookie. */
export function visitorOf(demo: Demo, c: ApiContext): string | null {
  const cookie = getCookie(c, COOKIE);
  return cookie === undefined ? null : demo.userIn(cookie);
}

/** The visitor, who gets an id where they had none. The browser sends the cookie for this path and those below it. */
export function welcome(demo: Demo, c: ApiContext, path: string): string {
  const userId = visitorOf(demo, c) ?? demo.newUser();
  setCookie(c, COOKIE, demo.cookieOf(userId), { path, httpOnly: true, sameSite: 'Strict', maxAge: KEPT_SECONDS });
  return userId;
}

/**
 * Lets only requests of the demo page through: a page of another origin would act in the visitor's name. `Sec-Fetch-Site`
 * says where a request comes from (Fetch Metadata). Browsers leave it out on plain http, but for other methods than GET and
 * HEAD they send `Origin` there.
 */
export const onlySameOrigin = createMiddleware<ApiEnv>(async (c, next) => {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isReading = c.req.method === 'GET' || c.req.method === 'HEAD';
  const isOurs =
    site === undefined ? (origin === undefined ? isReading : isOwnOrigin(origin, c)) : site === 'same-origin';
  if (!isOurs) {
    throw new AppError('not_same_origin', 'This route serves the demo page only. Programs use the API under /v1.');
  }
  await next();
});

/** By host alone: a proxy in front may speak https where this process speaks http. */
function isOwnOrigin(origin: string, c: ApiContext): boolean {
  return URL.canParse(origin) && new URL(origin).host === c.req.header('host');
}

/**
 * Lets only requests through that name this machine in `Host`. A page of another site can have its own name lead here (DNS
 * rebinding): then all of its requests are of the same origin, and `Host` alone tells.
 */
export const onlyLoopbackNames = createMiddleware<ApiEnv>(async (c, next) => {
  if (!isLoopbackHost(c.req.header('host') ?? '')) {
    throw new AppError(
      'not_same_origin',
      'Here the demo page is for the browsers of this machine: open it under localhost or 127.0.0.1. DEMO_PAGE=true opens it under every name.',
    );
  }
  await next();
});
