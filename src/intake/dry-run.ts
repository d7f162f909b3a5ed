import type { Clock } from '../clock.ts';
import type { Member } from '../domain/audience/audience.ts';
import { planPage } from '../domain/audience/fan-out.ts';
import { type Forecast, forecastWith, NO_FORECAST } from '../domain/audience/forecast.ts';
import type { Compose } from '../domain/content/compose.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { TypePolicy } from '../domain/notification-type/type-policy.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { Audiences } from './audiences.ts';
import { LOOK_PAGE, lookThrough } from './look-through.ts';
import { checkedOctets, type NotifyRequest, notificationOf } from './notify-request.ts';

/** What would come of a request. `isAtLeast`: the audience has more users than could be looked at in time. */
export type DryRun = {
  /** As it would be accepted; its id leads nowhere. */
  readonly notification: Notification;
  /** What every device would get, before encryption. */
  readonly payloadOctets: number;
  readonly forecast: Forecast;
  readonly isAtLeast: boolean;
};

export type DryRunOptions = {
  readonly store: Pick<Store, 'audiences' | 'users'>;
  readonly rules: StandingRules;
  readonly audiences: Pick<Audiences, 'check'>;
  readonly compose: Compose;
  readonly clock: Clock;
  readonly random: Random;
  readonly serverZone: string;
  readonly defaultTtlSeconds: number;
};

/** Under a cap each user is looked up. */
const PAGE_WITH_CAP = 200;

/** Plans a notification as fan-out does it, page by page, and writes nothing. Refuses what a send would refuse. */
export function createDryRun(options: DryRunOptions) {
  const { store, rules, audiences, compose, clock, serverZone } = options;
  return async (request: NotifyRequest): Promise<DryRun> => {
    const nowMs = clock.now();
    await audiences.check(request.audience);
    const policy = await rules.policyOf(request.content.type);
    const terms = { policy, serverZone };
    const notification = notificationOf(options, request, terms, nowMs);
    const payloadOctets = checkedOctets(notification, compose);
    const audience = await rules.resolve(request.audience);
    const limit = policy.cap === null ? LOOK_PAGE : PAGE_WITH_CAP;
    let forecast = NO_FORECAST;
    const query = { audience, limit, nowMs, serverZone };
    const isAtLeast = await lookThrough(store.audiences, query, clock, async (members) => {
      const uses = await capUsesOf(store, policy, members, nowMs);
      const plan = planPage(notification, members, terms, nowMs, (userId) => uses.get(userId) ?? []);
      forecast = forecastWith(forecast, members, plan);
    });
    return { notification, payloadOctets, forecast, isAtLeast };
  };
}

/** When notifications that count under the type's cap went to each user who has a device. */
async function capUsesOf(
  { users }: DryRunOptions['store'],
  { cap }: TypePolicy,
  members: readonly Member[],
  nowMs: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (cap === null) return new Map();
  const reachable = members.filter(({ devices }) => devices.length > 0);
  const asked = { atMs: nowMs, exceptId: null };
  return new Map(
    await Promise.all(reachable.map(async ({ userId }) => [userId, await users.capUses(userId, cap, asked)] as const)),
  );
}
