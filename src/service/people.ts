import type { AppOptions } from '../http/app.ts';
import { readNotificationBody } from '../http/v1/notification-schema.ts';
import { createDryRun } from '../intake/dry-run.ts';
import { createErasures } from '../intake/erasures.ts';
import { createExperiments } from '../intake/experiments.ts';
import { createExplain } from '../intake/explain.ts';
import { createExports } from '../intake/exports.ts';
import { createNotifications } from '../intake/notifications.ts';
import { createSchedules } from '../intake/schedules.ts';
import { createTemplates } from '../intake/templates.ts';
import { createTypeRules } from '../intake/type-rules.ts';
import { createUsers, type UsersOptions } from '../intake/users.ts';
import type { AcceptanceOfAll, AcceptanceParts, AcceptanceSettings } from './acceptance.ts';

type PeopleParts = AcceptanceParts &
  AcceptanceOfAll & {
    readonly limiter: UsersOptions['limiter'];
    /** A schedule was made or changed: what makes their notifications in this process is to look. */
    readonly onScheduleChange: () => void;
    /** An erasure takes longer than its caller waits: what goes on with it in this process, if anything does, is to look. */
    readonly onErasure?: () => void;
  };

export type PeopleSettings = AcceptanceSettings & Pick<UsersOptions, 'userChangeLimit' | 'countsVisitors'>;

type PeopleApi = Pick<
  AppOptions,
  | 'notifications'
  | 'dryRun'
  | 'users'
  | 'erasures'
  | 'exports'
  | 'experiments'
  | 'types'
  | 'audiences'
  | 'schedules'
  | 'explanations'
  | 'templates'
>;

/** What is said of users and types, who is to get what and when, and the sending of it. */
export function buildPeople(
  parts: PeopleParts,
  { serverZone, defaultTtlSeconds, tracking = [], ...limits }: PeopleSettings,
): PeopleApi {
  const { store, rules, clock, audiences } = parts;
  const sending = { ...parts, templates: store.templates, serverZone, defaultTtlSeconds, tracking };
  const notifications = createNotifications(parts);
  return {
    notifications,
    dryRun: createDryRun(sending),
    exports: createExports(parts),
    experiments: createExperiments(parts),
    erasures: createErasures({ ...parts, onErasure: parts.onErasure ?? (() => {}) }),
    users: createUsers({ ...parts, ...limits, store: store.users }),
    types: createTypeRules({ store: store.typeRules, rules }),
    audiences,
    templates: createTemplates({ ...parts, store: store.templates, schedules: store.schedules, serverZone }),
    schedules: createSchedules({ ...parts, readBody: readNotificationBody, onChange: parts.onScheduleChange }),
    explanations: {
      explain: createExplain(sending),
      suppressionsOf: notifications.suppressions,
      suppressions: store.suppressions,
      now: () => clock.now(),
    },
  };
}
