import { randomBytes } from 'node:crypto';
import type { AuditDraft, AuditEntry, SaltedDraft } from '../domain/audit/audit-entry.ts';
import type { AuditFilter, AuditStore } from '../store/audit-store.ts';
import type { Page, PageRequest } from '../store/page.ts';

/** Who changed what, on record before it is changed. */
export type AuditLog = {
  /** Resolves once the entry is durable. */
  record(draft: AuditDraft): Promise<void>;
  /** Newest first; of a span of time, as far as the clocks of those who wrote agree. */
  list(query: AuditQuery): Promise<Page<AuditEntry>>;
  /** The whole chain from a number on, oldest first, in pieces. */
  pieces(afterSeq: number): AsyncGenerator<readonly AuditEntry[]>;
};

type AuditQuery = PageRequest & {
  readonly filter: AuditFilter;
  /** At or after. */
  readonly fromMs?: number | null;
  /** Before. */
  readonly untilMs?: number | null;
};

const ANY_ENTRY: AuditFilter = { who: null, action: null, target: null };

const AT_ONCE = 500;

/** Entries that come while others are being written go into the chain together, so that many callers do not wait for each other's turn. */
export function createAuditLog(store: AuditStore): AuditLog {
  let waiting: SaltedDraft[] = [];
  let writing: Promise<void> | null = null;
  const writeWaiting = async (): Promise<void> => {
    const drafts = waiting;
    waiting = [];
    await store.append(drafts);
  };
  return {
    record(draft) {
      waiting.push({ ...draft, salts: [newSalt(), newSalt(), newSalt()] });
      // Whoever comes while a turn is under way shares the next one, whatever becomes of this one.
      if (waiting.length === 1) writing = (writing ?? Promise.resolve()).catch(() => {}).then(writeWaiting);
      return writing ?? Promise.resolve();
    },
    async list({ fromMs = null, untilMs = null, ...query }) {
      const [fromSeq, belowSeq] = await Promise.all([seqAt(store, fromMs), seqAt(store, untilMs)]);
      const span = { fromSeq: fromSeq ?? 1, belowSeq: belowSeq ?? Number.MAX_SAFE_INTEGER };
      return store.list({ ...query, span });
    },
    async *pieces(afterSeq) {
      let after = afterSeq;
      for (;;) {
        const piece = await store.after(after, AT_ONCE);
        if (piece.length > 0) yield piece;
        const last = piece.at(-1);
        if (last === undefined || piece.length < AT_ONCE) return;
        after = last.seq;
      }
    },
  };
}

/** The number of the first entry at or after an instant, by halves: the chain is in the order of time. Null where there is no instant. */
async function seqAt(store: AuditStore, atMs: number | null): Promise<number | null> {
  if (atMs === null) return null;
  const [newest] = (await store.list({ cursor: null, limit: 1, filter: ANY_ENTRY })).items;
  let [low, high] = [1, (newest?.seq ?? 0) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await store.after(middle - 1, 1);
    if (entry !== undefined && entry.atMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function newSalt(): string {
  return randomBytes(16).toString('base64url');
}
