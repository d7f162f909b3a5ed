import {
  type AuditEntry,
  type AuditHead,
  linked,
  NO_ENTRY,
  type SaltedDraft,
} from '../../../domain/audit/audit-entry.ts';
import { type AuditFilter, type AuditSpan, type AuditStore, WHOLE_CHAIN } from '../../audit-store.ts';
import { parseSeqCursor, seqPage } from '../../seq-cursor.ts';
import {
  AUDIT_AFTER,
  AUDIT_LISTED,
  AUDIT_OF_ACTION,
  AUDIT_OF_TARGET,
  AUDIT_OF_WHO,
  type AuditDocument,
} from '../collections/audit-queries.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

export function mongoAudit(collections: Collections, operations: Operations): AuditStore {
  return {
    append: (drafts) => operations.run(() => append(collections, drafts)),
    list: async ({ cursor, limit, filter, span = WHOLE_CHAIN }) => {
      const within = { ...span, belowSeq: Math.min(span.belowSeq, parseSeqCursor(cursor)) };
      return operations.run(async () => seqPage(await list(collections, filter, within, limit + 1), limit));
    },
    after: (seq, limit) =>
      operations.run(async () => {
        const found = collections.audit.find(AUDIT_AFTER.filter(seq), { ...optionsOf(AUDIT_AFTER), limit });
        return (await found.toArray()).map(toEntry);
      }),
  };
}

/**
 * Each entry is one insertion under its own number: who comes second to a number is refused, reads the end again, and goes on from
 * there. A number that this very call took before its answer was lost is known by the hash, which is over random salts.
 */
async function append(collections: Collections, drafts: readonly SaltedDraft[]): Promise<void> {
  let left = drafts;
  while (left.length > 0) {
    const entries = linked(await headOf(collections), left);
    const kept = await keepInOrder(collections, entries);
    left = left.slice(kept);
  }
}

/** How many of these were kept, from the first on. */
async function keepInOrder({ audit }: Collections, entries: readonly AuditEntry[]): Promise<number> {
  let kept = 0;
  for (const { seq, ...entry } of entries) {
    try {
      await audit.insertOne({ _id: seq, ...entry });
    } catch (error) {
      if (duplicateField(error) === null) throw error;
      const there = await audit.findOne({ _id: seq });
      if (there?.hash !== entry.hash) return kept;
    }
    kept += 1;
  }
  return kept;
}

async function headOf({ audit }: Collections): Promise<AuditHead> {
  const [head] = await audit
    .find(AUDIT_LISTED.filter({ before: Number.MAX_SAFE_INTEGER }), { ...optionsOf(AUDIT_LISTED), limit: 1 })
    .toArray();
  return head === undefined ? NO_ENTRY : { seq: head._id, hash: head.hash };
}

async function list({ audit }: Collections, filter: AuditFilter, { fromSeq, belowSeq }: AuditSpan, limit: number) {
  const { who, action, target } = filter;
  const query =
    target !== null ? AUDIT_OF_TARGET : who !== null ? AUDIT_OF_WHO : action !== null ? AUDIT_OF_ACTION : AUDIT_LISTED;
  const asked = {
    from: fromSeq,
    before: belowSeq,
    ...(who === null ? {} : { who }),
    ...(action === null ? {} : { action }),
    ...(target === null ? {} : { target }),
  };
  return (await audit.find(query.filter(asked), { ...optionsOf(query), limit }).toArray()).map(toEntry);
}

function toEntry({ _id: seq, ...entry }: AuditDocument): AuditEntry {
  return { seq, ...entry };
}
