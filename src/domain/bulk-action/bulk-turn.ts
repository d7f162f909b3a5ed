import type { Delivery } from '../delivery/delivery.ts';
import { discarded, type ReplayFacts, type ReplayRefusal, replayed } from '../delivery/life.ts';
import type { SettlementPlan } from '../delivery/settlement.ts';
import type { BulkAction, BulkOutcome, SkipReason } from './bulk-action.ts';

/** What was read of a dead letter; `delivery` is null where it is gone. */
export type BulkFacts = ReplayFacts & { readonly delivery: Delivery | null };

/** `plan`: what is to be written, for `outcome` to be true; null where nothing is. */
export type BulkTurn = { readonly outcome: BulkOutcome; readonly plan: SettlementPlan | null };

const SKIPS: Readonly<Record<ReplayRefusal, SkipReason>> = {
  notification: 'notification_cancelled',
  state: 'not_failed',
  too_often: 'replayed_too_often',
  subscription: 'subscription_inactive',
  deadline: 'deadline_passed',
};

/**
 * What a bulk action does to one dead letter of its page. One that it has dealt with before, in a page that it did not get to write off,
 * counts and stays as it is: also where it was replayed and has failed again.
 */
export function bulkTurn(
  action: Pick<BulkAction, 'id' | 'action' | 'ttlSeconds' | 'createdAtMs' | 'state'>,
  { delivery, ...facts }: BulkFacts,
  nowMs: number,
): BulkTurn | null {
  if (delivery === null) return { outcome: 'not_failed', plan: null };
  if (delivery.replays.some(({ byAction }) => byAction === action.id)) return { outcome: 'replayed', plan: null };
  if (action.action === 'discard' && delivery.reason === 'discarded') return { outcome: 'discarded', plan: null };
  // Called off in the middle of the page: the rest of it is left alone.
  if (action.state !== 'running') return null;
  if (delivery.state !== 'failed' || (delivery.endedAtMs ?? 0) >= action.createdAtMs)
    return { outcome: 'not_failed', plan: null };
  if (action.action === 'discard') return { outcome: 'discarded', plan: discarded(delivery, nowMs) };
  const request = { nowMs, ttlSeconds: action.ttlSeconds, byAction: action.id };
  const turn = replayed(delivery, facts, request);
  if (turn.kind === 'refused') return { outcome: SKIPS[turn.why], plan: null };
  return { outcome: 'replayed', plan: turn.plan };
}
