import { html } from 'hono/html';
import { ID_PREFIXES } from '../../domain/ids.ts';
import { isUserId } from '../../domain/user/user-id.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address } from './parts.ts';

/** The page of each kind of id. */
const PAGES = [
  [ID_PREFIXES.notification, 'notification'],
  [ID_PREFIXES.delivery, 'delivery'],
  [ID_PREFIXES.subscription, 'subscription'],
  [ID_PREFIXES.pruneHold, 'services'],
] as const;

/** One box: whatever is pasted leads to its page. What is no id of ours is the id of a user. */
export function addSearchPage(routes: ConsoleRoutes): void {
  routes.page('search', async ({ query }) => {
    const asked = query('q').trim();
    const [, page] = PAGES.find(([prefix]) => asked.startsWith(prefix)) ?? [];
    if (page !== undefined) return { redirect: address(page, { id: asked }) };
    if (asked !== '' && isUserId(asked)) return { redirect: address('user', { id: asked }) };
    return { title: 'Search', menu: 'search', body: searchBody(asked) };
  });
}

function searchBody(asked: string): Html {
  const why =
    asked === '' ? '' : html`<p class="error" role="alert">No user has such an id: it is 1 to 128 characters.</p>`;
  return html`<h1>Search</h1>
${why}
<form method="get" action="search" class="card search-large" role="search" aria-label="Search">
<label for="find">A user id, or the id of a notification, a delivery, a subscription or a hold</label>
<p class="row"><input id="find" name="q" type="search" value="${asked}" autofocus autocomplete="off" spellcheck="false">
<button class="button primary">Find</button></p>
</form>`;
}
