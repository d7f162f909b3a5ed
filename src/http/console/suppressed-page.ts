import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { SuppressionDetail } from '../../domain/audience/release.ts';
import { suppressionAccountOf } from '../../domain/audience/suppression-account.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { address, facts, stateMark, time } from './parts.ts';

/** Why one user got nothing of one notification. */
export function addSuppressedPage(routes: ConsoleRoutes, { explanations }: ConsoleParts): void {
  routes.page('suppressed', async ({ query }) => {
    const [notificationId, user] = [query('notification'), query('user')];
    const { became, account, zone } = await explanations.explain(user, { kind: 'notification', notificationId });
    const suppression = became?.suppression ?? null;
    if (suppression === null)
      throw new AppError('notification_not_found', 'This user was not left out of this notification.');
    const { says, remedy } = suppressionAccountOf(suppression.reason);
    const body = html`<p class="path"><a href="${address('user', { id: user })}">${user}</a> ›
<a href="${address('notification', { id: notificationId })}">notification</a> › suppressed</p>
<h1 class="visually-hidden">Suppressed for ${user}</h1>
<section class="verdict suppressed" aria-label="What came of it">
${stateMark('suppressed', suppression.reason)}
<p class="says" id="verdict">${says}</p>
<p class="remedy"><strong>What to do:</strong> ${remedy}</p>
</section>
<section class="card"><h2>As the gates see it</h2><p>${account.sentence}</p>
${facts([['When', time(suppression.atMs)], ['Time zone', zone], ...detailRows(suppression.detail)])}</section>`;
    return { title: `Suppressed for ${user}`, menu: 'search', body };
  });
}

function detailRows({ pattern, sinceMs, untilMs, limit, perSeconds }: SuppressionDetail) {
  return [
    ['By the pattern', pattern ?? null],
    ['Since', sinceMs === undefined ? null : time(sinceMs)],
    ['Until', untilMs === undefined ? null : time(untilMs)],
    ['Cap', limit === undefined ? null : `${limit} in ${perSeconds} s`],
  ] as const;
}
