import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { type Sending, WAITING_CHOICES } from '../../domain/sending/sending.ts';
import type { Backup } from '../../store/backup-store.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, facts, number, table, time } from './parts.ts';
import { processTable } from './process-table.ts';

/** Version, parts, settings without their secrets, backups; pause, resume, back up. */
export function addSystemPage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { sending, backups, operators } = parts;
  routes.page('system', async ({ session }) => {
    const [state, processes, kept, octets, store, queue] = await Promise.all([
      sending.current(),
      parts.processes.list(),
      listed(parts),
      parts.storeOctets().catch(() => null),
      works(parts.readiness.store),
      works(parts.readiness.queue),
    ]);
    const isOperator = session.role === 'operator';
    const body = html`<h1>System</h1>
<div class="columns"><section class="card"><h2>Health</h2>${facts([
      ['Version', parts.version],
      ['Store', store],
      ['Takes up', octets === null ? null : `${number(Math.round(octets / 1024 / 1024))} MiB on the disk`],
      ['Queue', queue],
    ])}${isOperator && parts.doctor !== null ? doctorLink() : ''}</section>
<section class="card"><h2>Sending</h2>${sendingOf(state, session)}</section></div>
<section><h2>Processes</h2>${processTable(processes)}</section>
<section><h2>Backups</h2>${backupsOf(kept, session)}</section>
<section><h2>Settings that were set</h2>${settingTable(parts)}<p class="hint">Of the process that answers. What is secret is hidden; what is not here is as <code>docs/configuration.md</code> has it.</p></section>
${isOperator ? html`<section><h2>Sessions</h2>${actionButton({ action: 'revoke-sessions', label: 'Sign everybody out', fields: {}, sure: 'You are signed out, too, and links that were not used are taken back.' })}</section>` : ''}`;
    return { title: 'System', menu: 'system', body };
  });
  routes.action({ name: 'pause', operation: 'pauseSending', target: '' }, async () => {
    await sending.pause();
    return 'system?done=paused';
  });
  routes.action({ name: 'resume', operation: 'resumeSending', target: '' }, async (_, form) => {
    const choice = WAITING_CHOICES.find((each) => each === form.get('waiting'));
    if (choice === undefined) throw new AppError('invalid_request', 'Say what becomes of what waits.');
    await sending.resume(choice);
    return 'system?done=resumed';
  });
  routes.action({ name: 'back-up', operation: 'makeBackup', target: '' }, async () => {
    await backups.make(null);
    return 'system?done=backed-up';
  });
  routes.action({ name: 'revoke-sessions', operation: 'revokeConsoleSessions', target: '' }, async () => {
    await operators.revokeAll();
    return 'sign-in';
  });
}

function doctorLink(): Html {
  return html`<p class="row"><a class="button" href="doctor">Ask the doctor</a></p>
<p class="hint">He looks at settings, keys, disk, servers, and the way to each push service. It takes some seconds.</p>`;
}

/** Null where this store has none. */
async function listed({ backups }: ConsoleParts): Promise<readonly Backup[] | null> {
  try {
    return await backups.list();
  } catch (error) {
    if (error instanceof AppError && error.code === 'backup_unavailable') return null;
    throw error;
  }
}

async function works(check: () => Promise<void>): Promise<Html> {
  try {
    await check();
    return html`<span class="state active">works</span>`;
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'The log says why.';
    return html`<span class="state failed">does not work</span> ${why}`;
  }
}

function sendingOf(state: Sending, session: OperatorSession): Html {
  const isOn = state.state === 'on';
  const says = isOn
    ? html`<p><span class="state active">on</span></p>`
    : html`<p><span class="state failed">paused</span> since ${time(state.sinceMs)}</p>`;
  if (session.role !== 'operator') return says;
  if (isOn)
    return html`${says}${actionButton({ action: 'pause', label: 'Pause sending', fields: {}, sure: 'Nothing is sent, in every process, before somebody resumes. What comes is accepted and kept.' })}`;
  const resume = (waiting: string, label: string, sure: string) =>
    actionButton({ action: 'resume', label, fields: { waiting }, sure });
  return html`${says}<div class="row">${resume('send', 'Resume, and send what waits', 'What waits is sent, unless its deadline has passed.')}
${resume('drop', 'Resume, and drop what waits', 'What was accepted before the pause ends unsent.')}</div>`;
}

function backupsOf(kept: readonly Backup[] | null, session: OperatorSession): Html {
  if (kept === null)
    return html`<p class="empty">None are kept here: BACKUP_DIR is not set, or the store is backed up by other means.</p>`;
  const list = table({
    caption: 'Backups, newest first',
    columns: [['Made'], ['File', 'wide'], ['Octets', 'number']],
    rows: kept.map(({ name, madeAtMs, octets }) => [time(madeAtMs), html`<code>${name}</code>`, number(octets)]),
    empty: 'None was made yet.',
  });
  return html`${list}${session.role === 'operator' ? actionButton({ action: 'back-up', label: 'Back up now', fields: {} }) : ''}`;
}

function settingTable({ settings }: ConsoleParts): Html {
  return table({
    caption: 'Settings',
    columns: [['Name'], ['Value', 'wide']],
    rows: settings.map(([name, value]) => [html`<code>${name}</code>`, value]),
    empty: 'None: everything is as it comes.',
  });
}
