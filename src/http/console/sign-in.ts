import { html } from 'hono/html';
import type { ClientFinder } from '../../access/client-address.ts';
import type { Operators } from '../../access/operators.ts';
import type { Operator } from '../../domain/operator/operator.ts';
import type { RateLimit } from '../../domain/rate-limit.ts';
import type { RateLimiter } from '../../intake/rate-limiter.ts';
import { type Audit, onRecord } from '../kit/audited.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { clientOf } from '../kit/request-log.ts';
import { type ConsoleRoutes, htmlAnswer, openSession, redirect } from './console-routes.ts';
import { dropCookie, keepCookie, readCookie } from './cookies.ts';
import { type Html, pageOf } from './layout.ts';

export type SignInOptions = {
  readonly operators: Operators;
  readonly limiter: RateLimiter;
  readonly findClient: ClientFinder;
  readonly recorder: Audit;
};

/** A person mistypes now and then. */
const FROM_ONE_ADDRESS: RateLimit = { burst: 10, refillMs: 30_000 };
const OFTEN = 'That was a lot of attempts to sign in.';

const LINK_TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** A page of the console, as `to` names it: never another site's address. */
const OWN_PAGE = /^[a-z][a-z-]*(?:\?[^#]*)?$/;

/**
 * Signing in and out. A link is used up by its button, not by its address: what previews links opens only the latter. The address
 * is left at once for one without the token, so that neither the page nor the browser's history has it.
 */
export function addSignInRoutes(routes: ConsoleRoutes, options: SignInOptions): void {
  const { operators } = options;
  const attempt = (c: ApiContext, by: 'link' | 'secret'): Promise<void> =>
    options.limiter.demand(`console ${by} ${addressOf(c, options)}`, FROM_ONE_ADDRESS, OFTEN);
  routes.open('get', 'sign-in', async (c) => {
    const link = c.req.query('link');
    if (link === undefined) return htmlAnswer(c, signInPage(pageIn(c.req.query('to'))));
    if (LINK_TOKEN.test(link)) keepCookie(c, 'link', link);
    return redirect(c, 'link');
  });
  routes.open('post', 'sign-in', async (c, form) => {
    await attempt(c, 'secret');
    const { token, session } = await operators.signInBySecret(form.get('secret').trim());
    await onRecord(options.recorder, c, actOf('signIn', session), () => openSession(c, operators, token));
    return redirect(c, pageIn(form.get('to')));
  });
  routes.open('get', 'link', async (c) => {
    const token = readCookie(c, 'link');
    return htmlAnswer(c, linkPage(token === undefined ? null : await operators.linkFor(token)));
  });
  routes.open('post', 'link', async (c) => {
    await attempt(c, 'link');
    const link = readCookie(c, 'link') ?? '';
    dropCookie(c, 'link');
    const { token, session } = await operators.signInByLink(link);
    await onRecord(options.recorder, c, actOf('signIn', session), () => openSession(c, operators, token));
    return redirect(c, 'overview');
  });
  routes.open('post', 'sign-out', async (c) => {
    const token = readCookie(c, 'session');
    const session = token === undefined ? null : await operators.find(token);
    if (token !== undefined && session !== null)
      await onRecord(options.recorder, c, actOf('signOut', session), () => operators.signOut(token));
    dropCookie(c, 'session');
    return redirect(c, 'sign-in');
  });
}

function actOf(action: string, { name }: Operator) {
  return { by: 'operator', who: name, action, target: '' } as const;
}

function addressOf(c: ApiContext, { findClient }: SignInOptions): string {
  const { incoming } = c.env ?? {};
  return (incoming === undefined ? null : clientOf(incoming, findClient)) ?? 'unknown';
}

function pageIn(to: string | undefined): string {
  return to !== undefined && OWN_PAGE.test(to) ? to : 'overview';
}

function signInPage(to: string): Html {
  const body = html`<section class="narrow card">
<h1>Sign in</h1>
<p>On the machine that runs Bellhop, <code>bellhop console-link</code> prints a link that is good once, for five minutes.</p>
<form method="post" action="sign-in">
<input type="hidden" name="to" value="${to}">
<p class="field"><label for="secret">Or paste the API secret</label>
<input id="secret" name="secret" type="password" required autocomplete="off" spellcheck="false"></p>
<p><button class="button primary">Sign in</button></p>
</form>
</section>`;
  return pageOf({ title: 'Sign in', session: null, body });
}

/** Where a browser keeps the token to itself, since another site led here, the button works all the same. */
function linkPage(operator: Operator | null): Html {
  const whose =
    operator === null ? '' : html`<p>This link is for <strong>${operator.name}</strong>, as ${operator.role}.</p>`;
  const body = html`<section class="narrow card">
<h1>Sign in</h1>
${whose}
<form method="post" action="link"><p><button class="button primary" autofocus>Sign in to the console</button></p></form>
<p class="hint">The link is good once, for five minutes. The session lasts twelve hours.</p>
</section>`;
  return pageOf({ title: 'Sign in', session: null, body });
}
