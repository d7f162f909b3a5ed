import { randomBytes } from 'node:crypto';
import type { AuditDraft, AuditEntry, SaltedDraft } from '../domain/audit/audit-entry.ts';
import type { AuditStore } from '../store/audit-store.ts';

/** Who changed what, on record before it is changed. */
export type AuditLog = {
  /** Resolves once the entry is durable. */
  record(draft: AuditDraft): Promise<void>;
  list: AuditStore['list'];
  /** The whole chain from a number on, oldest first, in pieces. */
  pieces(afterSeq: number): AsyncGenerator<readonly AuditEntry[]>;
};

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
    list: (query) => store.list(query),
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

function newSalt(): string {
  return randomBytes(16).toString('base64url');
}
