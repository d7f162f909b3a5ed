import { html } from 'hono/html';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import type { PruneHold } from '../../domain/pruning/prune-hold.ts';
import type { AgingForecast } from '../../domain/subscription/aging.ts';
import type { Overview } from '../../intake/overview.ts';
import { agingTable } from './aging-table.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form } from './console-routes.ts';
import { laneTable } from './lane-table.ts';
import type { Html } from './layout.ts';
import { actionButton, facts, number, table, time } from './parts.ts';

/** The ways to push services, holds on pruning with their evidence, and the ring of VAPID keys. */
export function addServicesPage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { pruneHolds, vapidKeys, overview, readAging } = parts;
  routes.page('services', async ({ session }) => {
    const [state, holds, ring, aging] = await Promise.all([
      overview.read(),
      pruneHolds.list(null),
      vapidKeys.progress(),
      readAging(),
    ]);
    return {
      title: 'Push services and keys',
      menu: 'services',
      body: bodyOf(state, holds, { ring, aging, session, rotation: rotation(vapidKeys.canRotate, ring, session) }),
    };
  });
  const decide = (name: string, operation: string, work: (form: Form) => Promise<unknown>): void =>
    routes.action({ name, operation, target: 'id' }, async (_, form) => {
      await work(form);
      return 'services?done=decided';
    });
  decide('confirm-hold', 'confirmPruneHold', (form) => pruneHolds.confirm(form.get('id')));
  routes.action({ name: 'rotate-vapid-key', operation: 'rotateVapidKey', target: '' }, async () => {
    vapidKeys.rotate();
    return 'services?done=rotated';
  });
  decide('dismiss-hold', 'dismissPruneHold', (form) => pruneHolds.dismiss(form.get('id')));
}

const ELSEWHERE =
  'The pair is set where the processes are started: bellhop rotate-vapid-key on the server writes out what to put there.';

function rotation(isPossible: boolean, { nextPublicKey }: Ring, { role }: OperatorSession): Html | string {
  if (!isPossible) return html`<p class="hint">${ELSEWHERE}</p>`;
  if (nextPublicKey !== null)
    return html`<div class="needs"><p>A new key waits for a restart of Bellhop: <code>${nextPublicKey.slice(0, 24)}…</code></p></div>`;
  if (role !== 'operator') return '';
  const sure =
    'A new pair is put before the present one in the data folder. Browsers subscribe with it once Bellhop was restarted; the earlier ones go on signing for who subscribed with them.';
  return actionButton({ action: 'rotate-vapid-key', label: 'Make a new key', fields: {}, sure });
}

type Ring = Awaited<ReturnType<ConsoleParts['vapidKeys']['progress']>>;

type Shown = {
  readonly ring: Ring;
  readonly aging: AgingForecast | null;
  readonly session: OperatorSession;
  readonly rotation: Html | string;
};

function bodyOf(state: Overview, holds: readonly PruneHold[], shown: Shown): Html {
  const { ring, aging, session, rotation } = shown;
  const open = holds.filter((hold) => hold.state === 'open');
  const decided = holds.filter((hold) => hold.state !== 'open');
  return html`<h1>Push services and keys</h1>
<section><h2>Lanes</h2>${laneTable(state)}</section>
<section><h2>Holds on pruning</h2>
<p class="lead">Where unusually many are called gone at once, none is retired before a person has looked.</p>
${open.length === 0 ? html`<p class="empty">None is open.</p>` : open.map((hold) => openHold(hold, session))}
${decided.length === 0 ? '' : decidedTable(decided)}</section>
<section><h2>VAPID keys</h2>${ringTable(ring)}
${rotation}</section>
<section><h2>Aging</h2>${agingTable(aging)}</section>`;
}

function openHold(
  { id, scope, subject, goneCount, answerCount, retiredIds, openedAtMs }: PruneHold,
  session: OperatorSession,
): Html {
  const evidence = facts([
    [scope === 'origin' ? 'Push service' : 'VAPID key', html`<code>${subject}</code>`],
    ['Called gone', `${number(goneCount)} of the last ${number(answerCount)} users`],
    ['Retired before the hold', number(retiredIds.length)],
    ['Since', time(openedAtMs)],
  ]);
  const buttons = html`<div class="row">
${actionButton({ action: 'confirm-hold', label: 'Confirm: they are gone', fields: { id }, sure: 'All that were called gone are retired.' })}
${actionButton({ action: 'dismiss-hold', label: 'Dismiss: the push service was wrong', fields: { id }, sure: 'None is retired, and those retired before the hold are restored. Replay what failed.' })}</div>`;
  return html`<article class="card needs" id="${id}"><h3>Open</h3>${evidence}${session.role === 'operator' ? buttons : ''}</article>`;
}

function decidedTable(holds: readonly PruneHold[]): Html {
  return table({
    caption: 'Holds that were decided',
    columns: [['Decided'], ['How'], ['Of what', 'wide'], ['Called gone', 'number']],
    rows: holds.map(({ decidedAtMs, state, subject, goneCount }) => [
      time(decidedAtMs),
      state,
      subject,
      number(goneCount),
    ]),
    empty: '',
  });
}

function useOf({ publicKey, isCurrent, hasPrivateKey }: Ring['keys'][number], nextPublicKey: string | null): string {
  if (isCurrent) return 'current: browsers subscribe with it';
  if (publicKey === nextPublicKey) return 'browsers subscribe with it after the next start';
  return hasPrivateKey ? 'signs for its own' : 'its private half is missing: nothing can be sent';
}

function ringTable({ keys, movedPercent, movedIsAtLeast, nextPublicKey }: Ring): Html {
  return html`${table({
    caption: 'VAPID keys',
    columns: [['Key', 'wide'], ['Use'], ['Active subscriptions', 'number']],
    rows: keys.map((key) => [
      html`<code>${key.publicKey.slice(0, 24)}…</code>`,
      useOf(key, nextPublicKey),
      `${key.isAtLeast ? 'at least ' : ''}${number(key.activeSubscriptions)}`,
    ]),
    empty: 'No key.',
  })}<p>${movedIsAtLeast ? 'At least ' : ''}${movedPercent} % of all active subscriptions are on the current key.
<progress max="100" value="${movedPercent}" aria-label="Subscriptions on the current key">${movedPercent} %</progress></p>`;
}
