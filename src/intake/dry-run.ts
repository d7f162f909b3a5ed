import type { Clock } from '../clock.ts';
import type { Member } from '../domain/audience/audience.ts';
import { planPage } from '../domain/audience/fan-out.ts';
import { type Forecast, forecastWith, NO_FORECAST } from '../domain/audience/forecast.ts';
import { comesToAtMs } from '../domain/experiment/lot.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { TypePolicy } from '../domain/notification-type/type-policy.ts';
import { zoneOf } from '../domain/user/person.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import { type CheckOptions, checkRequest } from './checked-request.ts';
import { LOOK_PAGE, lookThrough } from './look-through.ts';
import type { Measured } from './measure.ts';
import type { NotifyRequest } from './notify-request.ts';

/** What would come of a request. `isAtLeast`: the audience has more users than could be looked at in time. */
export type DryRun = {
  /** As it would be accepted; its id leads nowhere. */
  readonly notification: Notification;
  readonly measured: Measured;
  readonly forecast: Forecast;
  readonly isAtLeast: boolean;
};

export type DryRunOptions = CheckOptions & {
  readonly store: Pick<Store, 'audiences' | 'users' | 'experiments'>;
  readonly rules: StandingRules;
  readonly clock: Clock;
};

/** Under a cap each user is looked up. */
const PAGE_WITH_CAP = 200;

/** Plans a notification as fan-out does it, page by page, and writes nothing. Refuses what a send would refuse. */
export function createDryRun(options: DryRunOptions) {
  const { store, rules, clock, serverZone } = options;
  return async (request: NotifyRequest): Promise<DryRun> => {
    const nowMs = clock.now();
    const { notification, terms, measured } = await checkRequest(options, request, nowMs);
    const { policy } = terms;
    const audience = await rules.resolve(request.audience);
    const limit = policy.cap === null ? LOOK_PAGE : PAGE_WITH_CAP;
    let forecast = NO_FORECAST;
    const query = { audience, limit, nowMs, serverZone };
    const isAtLeast = await lookThrough(store.audiences, query, clock, async (members) => {
      const uses = await capUsesOf(store, policy, members, nowMs);
      for (const [atMs, ofWave] of byWave(notification, members, serverZone, nowMs)) {
        const plan = planPage(notification, ofWave, terms, atMs, (userId) => uses.get(userId) ?? []);
        forecast = forecastWith(forecast, ofWave, plan, notification.sendAt === null ? null : atMs);
      }
    });
    return { notification, measured, forecast, isAtLeast };
  };
}

/** The users of a page by the instant at which it would come to them. */
function byWave(
  notification: Notification,
  members: readonly Member[],
  serverZone: string,
  nowMs: number,
): ReadonlyMap<number, readonly Member[]> {
  if (notification.sendAt === null) return new Map([[nowMs, members]]);
  const waves = new Map<number, Member[]>();
  for (const member of members) {
    const atMs = comesToAtMs(notification, member.userId, zoneOf(member.person, serverZone), nowMs);
    const wave = waves.get(atMs);
    if (wave === undefined) waves.set(atMs, [member]);
    else wave.push(member);
  }
  return waves;
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
