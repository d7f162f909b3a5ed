import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { demand } from './violation.ts';

const PRIORITIES = ['high', 'normal', 'low'];
const OPEN = "('pending', 'held', 'sending', 'retrying')";

/** All that holds between rows after any commit. */
export function checkRows(database: Database, mayMiscount: (id: string, acceptedAtMs: number) => boolean): void {
  checkTallies(database);
  checkNotifications(database, mayMiscount);
  checkDue(database);
}

function checkTallies(database: Database): void {
  const counted = new Map<string, number>();
  const add = (name: string, count: number): void => void counted.set(name, (counted.get(name) ?? 0) + count);
  const deliveries = database.all<{ lane: number; state: string; count: number }>(
    'SELECT lane, state, count(*) AS count FROM deliveries GROUP BY lane, state',
  );
  for (const { lane, state, count } of deliveries) {
    const isOpen = OPEN.includes(`'${state}'`);
    add(isOpen ? `open ${PRIORITIES[lane]} ${state}` : `ended ${state}`, count);
  }
  const subscriptions = database.all<{ endpoint: string; quarantined_since: number | null }>(
    'SELECT endpoint, quarantined_since FROM subscriptions WHERE retired_at IS NULL',
  );
  for (const { endpoint, quarantined_since } of subscriptions) {
    add(`active ${serviceOf(endpoint)}`, 1);
    if (quarantined_since !== null) add(`quarantined ${serviceOf(endpoint)}`, 1);
  }
  const tallies = database.all<{ name: string; count: number }>('SELECT name, count FROM tallies');
  const kept = new Map(tallies.map(({ name, count }) => [name, count]));
  for (const name of new Set([...kept.keys(), ...counted.keys()])) {
    const [tally, rows] = [kept.get(name) ?? 0, counted.get(name) ?? 0];
    demand('tallies', tally === rows, () => `“${name}” is counted as ${tally}, and there are ${rows}`);
  }
}

function serviceOf(endpoint: string): string {
  const hosts = { google: 'fcm', mozilla: 'mozilla', apple: 'apple', windows: 'wns' };
  return Object.entries(hosts).find(([part]) => endpoint.includes(part))?.[1] ?? 'other';
}

type Sums = {
  readonly id: string;
  readonly status: string;
  readonly accepted_at: number;
  readonly user_count: number;
  readonly reached: number;
  readonly open: number;
  readonly stopped: number;
};

/** Of notifications of whose users nobody is left to decide about: the sum, and the status. */
function checkNotifications(database: Database, mayMiscount: Parameters<typeof checkRows>[1]): void {
  const odd = database.all<Sums>(
    `SELECT * FROM (
       SELECT n.id, n.status, n.accepted_at, n.user_count, coalesce(d.reached, 0) AS reached, coalesce(d.open, 0) AS open,
         coalesce(s.stopped, 0) + coalesce(u.listed, 0) AS stopped
       FROM notifications AS n
       LEFT JOIN (SELECT notification_id, count(DISTINCT user_id) AS reached, sum(state IN ${OPEN}) AS open
                  FROM deliveries GROUP BY notification_id) AS d ON d.notification_id = n.id
       LEFT JOIN (SELECT notification_id, count(*) AS stopped FROM suppressions GROUP BY notification_id) AS s
         ON s.notification_id = n.id
       LEFT JOIN (SELECT notification_id, sum(user_count) AS listed FROM unreached GROUP BY notification_id) AS u
         ON u.notification_id = n.id
       WHERE n.fan_out_cursor IS NULL AND n.due_at IS NULL)
     WHERE reached + stopped <> user_count OR (status <> 'cancelled' AND (status = 'completed') <> (open = 0))`,
  );
  for (const { id, status, accepted_at, user_count, reached, stopped, open } of odd) {
    const isWhole = reached + stopped === user_count || mayMiscount(id, accepted_at);
    demand(
      'sum',
      isWhole,
      () => `${id} is for ${user_count} users: ${reached} have deliveries, ${stopped} a suppression`,
    );
    const isInOrder = status === 'cancelled' || (status === 'completed') === (open === 0);
    demand('status', isInOrder, () => `${id} is ${status}, and ${open} of its deliveries are open`);
  }
  const both = database.first<{ notification_id: string; user_id: string }>(
    `SELECT s.notification_id, s.user_id FROM suppressions AS s JOIN deliveries AS d INDEXED BY deliveries_user
       ON d.user_id = s.user_id AND d.notification_id = s.notification_id
     WHERE s.user_id NOT LIKE 'erased-%' LIMIT 1`,
  );
  demand(
    'sum',
    both === undefined,
    () => `${both?.user_id} has deliveries of ${both?.notification_id} and a suppression`,
  );
}

function checkDue(database: Database): void {
  const odd = database.first<{ id: string; state: string; due_at: number | null }>(
    `SELECT id, state, due_at FROM deliveries
     WHERE (state IN ${OPEN}) <> (due_at IS NOT NULL) OR (state IN ${OPEN}) <> (ended_at IS NULL) LIMIT 1`,
  );
  demand(
    'ends',
    odd === undefined,
    () => `${odd?.id} is ${odd?.state} and due at ${odd?.due_at}: nobody looks at it, or in vain`,
  );
}
