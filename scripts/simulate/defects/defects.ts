import type { Claimed } from '../../../src/store/delivery-store.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Defect } from '../world/stage.ts';

/*
 * Defects to be found, each in front of the real store, as a process would meet it were it there. Production has none of this: a world
 * takes a defect only from a test, or from `--defect`.
 */

const isClaimed = (result: Claimed | 'busy' | null): result is Claimed => result !== null && result !== 'busy';

/** Changes what a claim tells of what it found. */
function claimsTelling(store: Store, tell: (claimed: Claimed) => Claimed): Store {
  const { deliveries } = store;
  const claimMany: Store['deliveries']['claimMany'] = async (claims) =>
    (await deliveries.claimMany(claims)).map((result) => (isClaimed(result) ? tell(result) : result));
  return { ...store, deliveries: { ...deliveries, claimMany } };
}

/** Runs after each settlement that was kept. */
function afterSettlements(store: Store, work: (deliveryId: string, state: string) => void): Store {
  const { deliveries } = store;
  const settleMany: Store['deliveries']['settleMany'] = async (settlements) => {
    const kept = await deliveries.settleMany(settlements);
    settlements.forEach(({ after }, index) => {
      if (kept[index]) work(after.id, after.state);
    });
    return kept;
  };
  return { ...store, deliveries: { ...deliveries, settleMany } };
}

/** Changes what pages and acceptances make of users: both plan by the same function. */
function planning(store: Store, change: (plan: ReturnType<PlanPage>) => ReturnType<PlanPage>, usesSeen: number): Store {
  const { fanOuts } = store;
  const commitPage: Store['fanOuts']['commitPage'] = (page) =>
    fanOuts.commitPage({
      ...page,
      plan: (capUsesOf) =>
        change(page.plan((userId) => Array.from({ length: usesSeen }, () => capUsesOf(userId)).flat())),
    });
  // What would be fanned out in the commit of its acceptance is left to a page, too.
  const accept: Store['notifications']['accept'] = (acceptance) =>
    store.notifications.accept({ ...acceptance, mayFanOutNow: false });
  return { ...store, fanOuts: { ...fanOuts, commitPage }, notifications: { ...store.notifications, accept } };
}

type PlanPage = Parameters<Store['fanOuts']['commitPage']>[0]['plan'];

function lostWakeUp(store: Store): Store {
  const { deliveries } = store;
  const due: Store['deliveries']['due'] = async (query) =>
    (await deliveries.due(query)).filter(({ state }) => state === 'sending');
  return { ...store, deliveries: { ...deliveries, due } };
}

/** A settlement whose version has moved on is kept all the same. */
function settleWithoutVersion(store: Store, database: Database): Store {
  const { deliveries } = store;
  const settleMany: Store['deliveries']['settleMany'] = async (settlements) => {
    const kept = [...(await deliveries.settleMany(settlements))];
    for (const [index, settlement] of settlements.entries()) {
      if (kept[index]) continue;
      const row = database.first<{ version: number }>('SELECT version FROM deliveries WHERE id = ?', [
        settlement.after.id,
      ]);
      const version = row?.version ?? settlement.version;
      [kept[index] = false] = await deliveries.settleMany([{ ...settlement, version }]);
    }
    return kept;
  };
  return { ...store, deliveries: { ...deliveries, settleMany } };
}

/** A claim takes no heed of the lease that another has of the same subscription, and so of the same delivery. */
function leaseTwice(store: Store, database: Database): Store {
  const { deliveries } = store;
  const claimMany: Store['deliveries']['claimMany'] = async (claims) => {
    for (const { deliveryId } of claims)
      database.run(
        `UPDATE deliveries SET due_at = 0 WHERE state = 'sending'
           AND subscription_id = (SELECT subscription_id FROM deliveries WHERE id = ?)`,
        [deliveryId],
      );
    return deliveries.claimMany(claims);
  };
  return { ...store, deliveries: { ...deliveries, claimMany } };
}

function topicIgnored(store: Store): Store {
  const told = claimsTelling(store, (claimed) => ({ ...claimed, isSuperseded: false }));
  return { ...told, deliveries: { ...told.deliveries, outdated: async () => [] } };
}

const MONTH_MS = 30 * 86_400_000;

function deadlineIgnored(store: Store): Store {
  return claimsTelling(store, (claimed) => {
    const deadlineAtMs = claimed.before.deadlineAtMs + MONTH_MS;
    return { ...claimed, before: { ...claimed.before, deadlineAtMs } };
  });
}

function quietHoursIgnored(store: Store): Store {
  return claimsTelling(store, (claimed) => {
    const { user } = claimed.person;
    return user === null ? claimed : { ...claimed, person: { ...claimed.person, user: { ...user, quietHours: null } } };
  });
}

function eventNotWritten(store: Store, database: Database): Store {
  return afterSettlements(store, (id, state) => {
    if (state === 'failed')
      database.run("DELETE FROM events WHERE type = 'delivery.failed' AND json_extract(data, '$.deliveryId') = ?", [
        id,
      ]);
  });
}

function tallyNotCounted(store: Store, database: Database): Store {
  let settled = 0;
  return afterSettlements(store, (_, state) => {
    settled += 1;
    if (settled % 50 === 0) database.run('UPDATE tallies SET count = count - 1 WHERE name = ?', [`ended ${state}`]);
  });
}

function withoutFirstSuppression(plan: ReturnType<PlanPage>): ReturnType<PlanPage> {
  return { ...plan, suppressions: plan.suppressions.slice(1) };
}

/** By name. Each is found in some of the first worlds that have it. */
export const DEFECTS: Readonly<Record<string, Defect>> = {
  'lost-wake-up': { store: lostWakeUp },
  'settle-without-version': { store: settleWithoutVersion },
  'cap-counted-twice': { store: (store) => planning(store, (plan) => plan, 2) },
  'lease-taken-by-two': { store: leaseTwice },
  'topic-not-superseded': { store: topicIgnored },
  'deadline-ignored': { store: deadlineIgnored },
  'quiet-hours-ignored-at-release': { store: quietHoursIgnored },
  'suppression-not-written': { store: (store) => planning(store, withoutFirstSuppression, 1) },
  'event-not-written': { store: eventNotWritten },
  'tally-not-counted': { store: tallyNotCounted },
  'cap-use-not-written': { store: (store) => planning(store, (plan) => ({ ...plan, capUses: [] }), 1) },
  'users-take-no-turns': { job: (job) => ({ ...job, userId: '' }) },
};
