import { html } from 'hono/html';
import type { ProcessRole, ProcessView } from '../../domain/process/process-view.ts';
import type { Html } from './layout.ts';
import { table, time } from './parts.ts';

const ROLE_WORDS: Readonly<Record<ProcessRole, string>> = { api: 'takes requests', worker: 'sends' };

/** The processes that share the work, the one that answers first. */
export function processTable(processes: readonly ProcessView[]): Html {
  const versions = new Set(processes.map(({ version }) => version));
  const mixed = html`<p class="hint">Not all are of one version: an update is under way, or one was left out of it.</p>`;
  return html`${table({
    caption: 'Processes',
    columns: [['Where'], ['Does'], ['Version'], ['Started']],
    rows: processes.map(({ host, pid, roles, version, startedAtMs }, at) => [
      html`${host} <small class="muted">pid ${pid}${at === 0 ? ', answers you' : ''}</small>`,
      roles.map((role) => ROLE_WORDS[role]).join(', '),
      version,
      time(startedAtMs),
    ]),
    empty: '',
  })}${versions.size > 1 ? mixed : ''}`;
}
