import type { Subscription } from './subscription.ts';

/**
 * Until when a subscription counts as only just registered: a push service that calls it gone before may not know it yet,
 * and is asked once more. `hadItsTry`: this delivery was called gone before; then null, however often a page has registered
 * the subscription again meanwhile.
 */
export function freshUntilMs(
  { updatedAtMs }: Pick<Subscription, 'updatedAtMs'>,
  graceMs: number,
  hadItsTry: boolean,
): number | null {
  return hadItsTry || graceMs === 0 ? null : updatedAtMs + graceMs;
}
