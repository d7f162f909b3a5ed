import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import type { Plan } from '../plan/plan.ts';
import { demand } from './violation.ts';

type Use = {
  readonly user_id: string;
  readonly pattern: string;
  readonly notification_id: string;
  readonly at: number;
};
type Stop = {
  readonly user_id: string;
  readonly notification_id: string;
  readonly at: number;
  readonly detail: string;
};

const SINCE_MS = 86_400_000;

/** By the deliveries there are: `cap_uses` has one row for each user and notification that has some which went, or may go yet. */
export function checkCaps(database: Database, { rules }: Pick<Plan, 'rules'>, nowMs: number): void {
  checkUses(database, nowMs - SINCE_MS);
  for (const [pattern, { cap }] of Object.entries(rules)) {
    if (cap === undefined) continue;
    const windowMs = cap.perSeconds * 1000;
    const uses = database.all<Use>('SELECT * FROM cap_uses WHERE pattern = ? ORDER BY user_id, at', [pattern]);
    const byUser = grouped(uses);
    for (const [user, own] of byUser) {
      own.forEach(({ at }, index) => {
        const within = own.slice(index).filter((use) => use.at < at + windowMs).length;
        demand(
          'caps',
          within <= cap.limit,
          () => `${user} has ${within} uses of ${pattern} within ${cap.perSeconds} s, and the cap is ${cap.limit}`,
        );
      });
    }
    checkStops(database, pattern, { limit: cap.limit, windowMs, sinceMs: nowMs - SINCE_MS });
  }
}

function grouped(uses: readonly Use[]): ReadonlyMap<string, readonly Use[]> {
  const byUser = new Map<string, Use[]>();
  for (const use of uses) byUser.set(use.user_id, [...(byUser.get(use.user_id) ?? []), use]);
  return byUser;
}

/** A use is given back where nothing was delivered, and only then. */
function checkUses(database: Database, sinceMs: number): void {
  const odd = database.first<{ notification_id: string; user_id: string; went: number; used: number }>(
    `SELECT notification_id, user_id, max(state = 'delivered' OR due_at IS NOT NULL) AS went,
       EXISTS (SELECT 1 FROM cap_uses AS c WHERE c.user_id = d.user_id AND c.notification_id = d.notification_id) AS used
     FROM deliveries AS d WHERE cap_pattern IS NOT NULL AND created_at > ? AND user_id NOT LIKE 'erased-%' AND NOT EXISTS (
       SELECT 1 FROM deliveries AS r
       WHERE r.notification_id = d.notification_id AND r.user_id = d.user_id AND r.replays IS NOT NULL)
     GROUP BY notification_id, user_id HAVING went <> used`,
    [sinceMs],
  );
  demand(
    'caps',
    odd === undefined,
    () =>
      `${odd?.notification_id} to ${odd?.user_id}: ${odd?.went ? 'something went, or may go' : 'nothing went'}, and the cap has ${odd?.used} uses of it`,
  );
}

/** Whom the cap stopped had as many before. What was given back since did count at that time. */
function checkStops(
  database: Database,
  pattern: string,
  { limit, windowMs, sinceMs }: { limit: number; windowMs: number; sinceMs: number },
): void {
  const stops = database.all<Stop>(
    "SELECT user_id, notification_id, at, detail FROM suppressions WHERE reason = 'capped' AND at > ? AND user_id NOT LIKE 'erased-%'",
    [sinceMs],
  );
  for (const { user_id, notification_id, at, detail } of stops) {
    if ((JSON.parse(detail) as { pattern?: string }).pattern !== pattern) continue;
    const { count = 0 } =
      database.first<{ count: number }>(
        `SELECT count(DISTINCT notification_id) AS count FROM deliveries
         WHERE user_id = ? AND cap_pattern = ? AND notification_id <> ? AND created_at > ?`,
        [user_id, pattern, notification_id, at - windowMs],
      ) ?? {};
    demand(
      'caps',
      count >= limit,
      () =>
        `${notification_id} was stopped for ${user_id} by the cap of ${pattern}, and ${count} of ${limit} had gone before`,
    );
  }
}
