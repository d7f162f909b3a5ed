import { systemClock } from '../../src/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { answerQuestions } from './child.ts';
import { notifyAll } from './notify-all.ts';

/** `userIds`: of one registered browser each. A multiple of their number is made to wait. */
export type SeedQuestion = { readonly path: string; readonly userIds: readonly string[]; readonly count: number };

/** Deliveries that wait, by the adapter that the service has, as its own fan-out makes them. */
answerQuestions<SeedQuestion>(async ({ path, userIds, count }) => {
  const store = await openSqliteStore({ path, clock: systemClock });
  const content = { type: 'bench', title: 'Hello' };
  for (let made = 0; made < count; ) {
    const pages = notifyAll(store, { userIds, nowMs: Date.now(), content, as: (delivery) => delivery });
    for await (const deliveries of pages) made += deliveries.length;
  }
  await store.close();
  return { count };
});
