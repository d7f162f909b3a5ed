import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { ERASED_KINDS } from '../../domain/erasure/erasure.ts';
import { isUserId } from '../../domain/user/user-id.ts';
import type { ErasureReceipt, ErasureView } from '../../intake/erasures.ts';
import { PAGE_HEADERS } from '../pages/page-headers.ts';
import { erasureReceiptWire } from '../v1/erasures.ts';
import { userExportStream } from '../v1/exports.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, facts, number, time } from './parts.ts';

const MENU = { menu: 'search' } as const;

/** Erasing a person for good, with the receipt of it; and all that is known of them as a file. */
export function addErasurePages(routes: ConsoleRoutes, { erasures, exports }: ConsoleParts): void {
  routes.page('erase-user', async ({ query, session }) => {
    if (session.role !== 'operator') throw new AppError('viewer_changes_nothing', 'Only operators erase people.');
    const id = query('id');
    if (!isUserId(id)) throw new AppError('user_not_found', 'No user has such an id: it is 1 to 128 characters.');
    return { title: 'Erase a person', ...MENU, body: question(id, null) };
  });
  // On record without the name: the log is not to keep whom it was about.
  routes.action(
    { name: 'erase-user', operation: 'eraseUser', target: '' },
    async (_, form) => {
      const id = form.get('id');
      if (form.get('typed') !== id || !isUserId(id)) throw new AppError('invalid_request', TYPED_OTHERWISE);
      const { erasure } = await erasures.erase(id);
      return address('erasure', { id: erasure.id });
    },
    (form, { message }) => ({ title: 'Erase a person', ...MENU, body: question(form.get('id'), message) }),
  );
  routes.page('erasure', async ({ query }) => {
    return { title: 'Erasure', ...MENU, body: bodyOf(await erasures.get(query('id'))) };
  });
  routes.stream('export-user', async (c, { role }) => {
    if (role !== 'operator')
      throw new AppError('viewer_changes_nothing', 'Only operators take all that is known of a person.');
    const disposition = 'attachment; filename="bellhop-user.json"';
    const headers = { ...PAGE_HEADERS, 'Content-Type': 'application/json', 'Content-Disposition': disposition };
    return c.body(userExportStream(await exports.ofUser(c.req.query('id') ?? '')), 200, headers);
  });
}

const TYPED_OTHERWISE = 'That is not the id of this user, so nothing was erased. Type it exactly as it stands there.';

/** What leads there from the page of a user. */
export function erasureLinks(id: string): Html {
  return html`<section class="card"><h2>The person</h2>
<p class="row"><a class="button" href="${address('export-user', { id })}" download>All that is known, as a file</a>
<a class="button" href="${address('erase-user', { id })}">Erase this person …</a></p></section>`;
}

function question(id: string, problem: string | null): Html {
  return html`<p class="path"><a href="${address('user', { id })}">${id}</a> › erase</p>
<h1>Erase ${id}?</h1>
<p class="lead">Devices, wishes, waiting deliveries, suppressions, receipts and names in lists, schedules and the audit log go for good. Attempts and numbers stay, without the person. Nothing brings them back, no backup either.</p>
<form method="post" action="erase-user" class="card stack short"><input type="hidden" name="id" value="${id}">
${problem === null ? '' : html`<p class="error" role="alert">${problem}</p>`}
<label>Type the user’s id to confirm <input name="typed" required autocomplete="off" spellcheck="false" autocapitalize="off"></label>
<p class="row"><button class="button primary">Erase for good</button> <a class="button" href="${address('user', { id })}">Leave everything as it is</a></p></form>`;
}

function bodyOf({ erasure, receipt }: ErasureView): Html {
  const { id, run, untilMs } = erasure;
  const state =
    receipt === null || run !== null
      ? html`<div class="needs"><p>It goes on in the background, wherever it stopped. <a href="${address('erasure', { id })}">Look again</a></p></div>`
      : '';
  return html`<p class="path"><a href="search">Search</a> › erasure</p>
<h1>${receipt === null ? 'A person is being erased' : 'A person was erased'}</h1>${state}
${
  receipt === null
    ? facts([
        ['Erasure', html`<code>${id}</code>`],
        ['All up to', time(untilMs)],
      ])
    : receiptOf(receipt)
}`;
}

function receiptOf(receipt: ErasureReceipt): Html {
  const counts = ERASED_KINDS.filter((kind) => receipt.counts[kind] > 0).map(
    (kind) => [kind.replaceAll('_', ' '), number(receipt.counts[kind])] as const,
  );
  return html`<div class="columns"><section class="card"><h2>What went</h2>${counts.length === 0 ? html`<p class="empty">There was nothing of them.</p>` : facts(counts)}</section>
<section class="card"><h2>Receipt</h2>${facts([
    ['All up to', time(receipt.erasedAtMs)],
    ['Completed', time(receipt.completedAtMs)],
    ['Erasure', html`<code>${receipt.id}</code>`],
  ])}
<p class="hint">It names nobody. <code>POST /v1/erasures/verify</code> says whether it is genuine, and whether it is of a user who is named.</p></section></div>
<section><h2>The receipt, signed, to keep</h2><pre tabindex="0" aria-label="The receipt as JSON">${JSON.stringify(erasureReceiptWire(receipt), null, 2)}</pre></section>`;
}
