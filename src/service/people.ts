import type { AppOptions } from '../http/app.ts';
import { createAudiences } from '../intake/audiences.ts';
import { createDryRun } from '../intake/dry-run.ts';
import { createExplain } from '../intake/explain.ts';
import { createNotifications, type NotificationsOptions } from '../intake/notifications.ts';
import { createTypeRules } from '../intake/type-rules.ts';
import { createUsers, type UsersOptions } from '../intake/users.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';

type PeopleParts = Omit<NotificationsOptions, 'store' | 'rules' | 'audiences' | 'serverZone' | 'defaultTtlSeconds'> & {
  readonly store: Store;
  readonly rules: StandingRules;
  readonly limiter: UsersOptions['limiter'];
};

export type PeopleSettings = Pick<NotificationsOptions, 'serverZone' | 'defaultTtlSeconds'> &
  Pick<UsersOptions, 'userChangeLimit' | 'countsVisitors'>;

type PeopleApi = Pick<AppOptions, 'notifications' | 'dryRun' | 'users' | 'types' | 'audiences' | 'explanations'>;

/** What is said of users and types, who is to get what, and the sending of it. */
export function buildPeople(
  parts: PeopleParts,
  { serverZone, defaultTtlSeconds, ...limits }: PeopleSettings,
): PeopleApi {
  const { store, rules, clock } = parts;
  const audiences = createAudiences({ ...parts, serverZone });
  const notifications = createNotifications({ ...parts, audiences, serverZone, defaultTtlSeconds });
  return {
    notifications,
    dryRun: createDryRun({ ...parts, audiences, serverZone, defaultTtlSeconds }),
    users: createUsers({ ...parts, ...limits, store: store.users }),
    types: createTypeRules({ store: store.typeRules, rules }),
    audiences,
    explanations: {
      explain: createExplain({ ...parts, serverZone, defaultTtlSeconds }),
      suppressionsOf: notifications.suppressions,
      suppressions: store.suppressions,
      now: () => clock.now(),
    },
  };
}
