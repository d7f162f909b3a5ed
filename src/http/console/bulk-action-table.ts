import { html } from 'hono/html';
import { type BulkAction, skippedIn } from '../../domain/bulk-action/bulk-action.ts';
import type { Html } from './layout.ts';
import { address, number, table, time } from './parts.ts';

/** How many were looked at so far. */
export function doneIn({ counts }: BulkAction): number {
  return counts.replayed + counts.discarded + skippedIn(counts);
}

/** `at least 98,000` where not all were counted. */
export function totalOf({ count, isAtLeast }: { readonly count: number; readonly isAtLeast: boolean }): string {
  return `${isAtLeast ? 'at least ' : ''}${number(count)}`;
}

export function bulkActionTable(actions: readonly BulkAction[]): Html {
  return table({
    caption: 'Actions on many dead letters, newest first',
    columns: [['Asked for'], ['Action'], ['State'], ['Looked at', 'number'], ['Done', 'number'], ['Left', 'number']],
    rows: actions.map((action) => [
      time(action.createdAtMs),
      html`<a href="${address('bulk-action', { id: action.id })}">${action.action}</a>`,
      action.state,
      `${number(doneIn(action))} of ${totalOf(action.total)}`,
      number(action.counts.replayed + action.counts.discarded),
      number(skippedIn(action.counts)),
    ]),
    empty: 'None yet.',
  });
}
