import type { AuditEntry, SaltedDraft } from '../domain/audit/audit-entry.ts';
import type { Page, PageRequest } from './page.ts';

/** Null asks for nothing in particular. */
export type AuditFilter = {
  readonly who: string | null;
  readonly action: string | null;
  readonly target: string | null;
};

/** A part of the chain: from this number on, and before that one. */
export type AuditSpan = { readonly fromSeq: number; readonly belowSeq: number };

export const WHOLE_CHAIN: AuditSpan = { fromSeq: 1, belowSeq: Number.MAX_SAFE_INTEGER };

/** Who changed what. Kept for good: what is deleted here breaks the chain. */
export interface AuditStore {
  /** Adds these in their order, one after the other in the chain, whatever other processes add at the same time. */
  append(drafts: readonly SaltedDraft[]): Promise<void>;
  /** Newest first. Without a span, of the whole chain. */
  list(query: PageRequest & { readonly filter: AuditFilter; readonly span?: AuditSpan }): Promise<Page<AuditEntry>>;
  /** Those after this number, oldest first. */
  after(seq: number, limit: number): Promise<readonly AuditEntry[]>;
}
