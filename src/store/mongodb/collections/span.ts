import type { Place } from '../../cursor.ts';

/** From an instant on, and before another, and further down a listing than a place in it. */
export type Span = { readonly fromMs: number | null; readonly untilMs: number | null; readonly after: Place | null };

/** The range narrows the index; what stands beside it only settles ties within one millisecond. */
export function within(field: 'acceptedAtMs' | 'endedAtMs', { fromMs, untilMs, after }: Span) {
  const below = Math.min(untilMs ?? Number.MAX_SAFE_INTEGER, after === null ? Number.MAX_SAFE_INTEGER : after.atMs + 1);
  return {
    [field]: { $gte: fromMs ?? 0, $lt: below },
    ...(after && { $or: [{ [field]: { $lt: after.atMs } }, { _id: { $lt: after.id } }] }),
  };
}
