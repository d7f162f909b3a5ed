import type { Erasure } from '../../../domain/erasure/erasure.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import type { ErasureDocument } from '../collections/erasure-queries.ts';

/** `begun`: somebody begins it with this write. */
export type Begun = { readonly begunAtMs: number } | null;

export function toErasureDocument({ id, run, ...rest }: Erasure, begun: Begun = null): ErasureDocument {
  const kept = run === null ? null : { ...run, userId: encodeText(run.userId) };
  return { ...rest, ...begun, _id: id, run: kept, dueAtMs: run?.dueAtMs ?? null };
}

export function toErasure({ _id: id, dueAtMs: _, begunAtMs: __, run, ...rest }: ErasureDocument): Erasure {
  return { ...rest, id, run: run === null ? null : { ...run, userId: decodeText(run.userId) } };
}

/** False where its version had moved on. */
export async function updateErasure(
  { erasures }: Collections,
  erasure: Erasure,
  begun: Begun = null,
): Promise<boolean> {
  const { _id, ...rest } = toErasureDocument(erasure, begun);
  const next = { ...rest, version: erasure.version + 1 };
  return (await erasures.updateOne({ _id, version: erasure.version }, { $set: next })).modifiedCount > 0;
}
