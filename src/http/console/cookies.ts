import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { isLoopbackHost } from '../../domain/loopback.ts';
import { LINK_LIFE_MS, SESSION_LIFE_MS } from '../../domain/operator/operator.ts';
import type { ApiContext } from '../kit/request-context.ts';

/** `link` carries a link's token from its address to the button that uses it, so that no page and no history has it. */
export type CookieKind = 'session' | 'link';

const NAMES = { session: 'bellhop_console', link: 'bellhop_console_link' } as const;
const LIVES_MS = { session: SESSION_LIFE_MS, link: LINK_LIFE_MS } as const;

const isLocal = (c: ApiContext): boolean => isLoopbackHost(c.req.header('host') ?? '');

/** Of the protocol that the browser speaks, whatever a proxy makes of it. Browsers tell it with what is posted. */
const saysHttps = (c: ApiContext): boolean => c.req.header('origin')?.startsWith('https://') === true;

/**
 * What the browser keeps of this kind; undefined where it keeps nothing. A cookie without the prefix counts on this machine alone:
 * elsewhere a page of a sibling site could have set it.
 */
export function readCookie(c: ApiContext, kind: CookieKind): string | undefined {
  return getCookie(c, NAMES[kind], 'host') ?? (isLocal(c) ? getCookie(c, NAMES[kind]) : undefined);
}

/** Only https takes a cookie with the prefix; a browser on this machine speaks plain http. */
export function keepCookie(c: ApiContext, kind: CookieKind, token: string): void {
  const isPlain = isLocal(c) && !saysHttps(c);
  const common = { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: LIVES_MS[kind] / 1000 } as const;
  if (isPlain) setCookie(c, NAMES[kind], token, common);
  else setCookie(c, NAMES[kind], token, { ...common, prefix: 'host', secure: true });
}

export function dropCookie(c: ApiContext, kind: CookieKind): void {
  deleteCookie(c, NAMES[kind], { path: '/', secure: true, prefix: 'host' });
  if (isLocal(c)) deleteCookie(c, NAMES[kind], { path: '/' });
}
