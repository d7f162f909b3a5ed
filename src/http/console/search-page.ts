import { html } from 'hono/html';
import { isUserId } from '../../domain/user/user-id.ts';
import type { Found } from '../../intake/lookup.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address } from './parts.ts';

/** The page of each kind of thing. */
const PAGES: Readonly<Record<Found['kind'], string>> = {
  notification: 'notification',
  delivery: 'delivery',
  subscription: 'subscription',
  prune_hold: 'services',
  bulk_action: 'bulk-action',
  webhook_endpoint: 'webhook',
  erasure: 'erasure',
  user: 'user',
};

const WORDS: Readonly<Record<Found['by'], string>> = {
  id: 'of this id',
  idempotency_key: 'sent with this idempotency key',
  request_id: 'sent with this request id',
};

/** One box: whatever is pasted leads to its page. What names nothing else is the id of a user. */
export function addSearchPage(routes: ConsoleRoutes, { lookUp }: ConsoleParts): void {
  routes.page('search', async ({ query }) => {
    const asked = query('q').trim();
    const found = asked === '' ? [] : await lookUp(asked);
    const [only] = found;
    if (only !== undefined && found.length === 1) return { redirect: addressOf(only) };
    if (only === undefined && isUserId(asked)) return { redirect: address('user', { id: asked }) };
    return { title: 'Search', menu: 'search', body: searchBody(asked, found) };
  });
}

function addressOf({ kind, id }: Found): string {
  return address(PAGES[kind], { id });
}

function searchBody(asked: string, found: readonly Found[]): Html {
  const why =
    asked === '' || found.length > 0
      ? ''
      : html`<p class="error" role="alert">No user has such an id: it is 1 to 128 characters.</p>`;
  return html`<h1>Search</h1>
${why}
<form method="get" action="search" class="card search-large" role="search" aria-label="Search">
<label for="find">A user id, the id of a notification, a delivery, a subscription, a hold, a bulk action, a webhook endpoint or an erasure, an idempotency key, or a request id</label>
<p class="row"><input id="find" name="q" type="search" value="${asked}" autofocus autocomplete="off" spellcheck="false">
<button class="button primary">Find</button></p>
</form>
${found.length === 0 ? '' : foundList(found)}`;
}

function foundList(found: readonly Found[]): Html {
  return html`<section><h2>It is of several things</h2><ul class="plain-list stack">${found.map(
    (each) =>
      html`<li><a href="${addressOf(each)}">${each.kind.replaceAll('_', ' ')} <code>${each.id}</code></a> <span class="muted">${WORDS[each.by]}</span></li>`,
  )}</ul></section>`;
}
