import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { countText } from './audience-count.ts';
import { type Filled, filled } from './compose-filled.ts';
import { composeForm } from './compose-form.ts';
import { digestOf, requestIn } from './compose-request.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form } from './console-routes.ts';
import { forecastOf } from './forecast-answer.ts';
import type { Html } from './layout.ts';
import { onceClaim } from './once-claim.ts';
import { address } from './parts.ts';

const FRAME = { title: 'Compose', menu: 'compose' } as const;
const CHANGED = 'It was changed since you looked at what would come of it. This is what would come of it now.';

/** Writes a notification: to whom, what it says, what would come of it; and then sends it, once. */
export function addComposePage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('compose', async ({ session, query }) => {
    if (session.role !== 'operator') throw new AppError('viewer_changes_nothing', 'A viewer sends nothing.');
    const given: Form = { get: (name) => query(name), all: () => [] };
    return { ...FRAME, body: pageBody(filled(given, null), '', false) };
  });
  const isSending = (form: Form): boolean => form.get('do') === 'send' && form.get('seen') === digestOf(form);
  const operation = (form: Form): string | null => (isSending(form) ? 'sendNotification' : null);
  routes.action(
    { name: 'compose', operation, target: 'type' },
    async (visit, form) => {
      const request = requestIn(form);
      if (isSending(form)) {
        const { notification } = await parts.notifications.accept(request, onceClaim(visit, form, 'seen'));
        return address('notification', { id: notification.id, done: 'accepted' });
      }
      const answer = forecastOf(await parts.dryRun(request));
      const note = form.get('do') === 'send' ? html`<p class="error" role="alert">${CHANGED}</p>` : '';
      return { ...FRAME, body: pageBody(filled(form, null), html`${note}${answer}`, true) };
    },
    (form, error) => ({
      ...FRAME,
      body: pageBody(filled(form, error), html`<p class="error" role="alert">${error.message}</p>`, false),
    }),
  );
  addLiveCount(routes, parts);
}

/** The script asks it while an audience is typed. */
function addLiveCount(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.stream('audience-count', async (c) => {
    const text = c.req.query('tags') ?? '';
    return c.text(await countText(parts, text), 200, { 'Cache-Control': 'no-store' });
  });
}

function pageBody(form: Filled, answer: Html | string, canSend: boolean): Html {
  return html`<h1>Compose</h1>
<p class="lead">Nothing is sent before you have seen what would come of it.</p>
${composeForm(form, answer, canSend)}
<script type="module" src="compose.js"></script>`;
}
