import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { replayed } from '../../src/domain/delivery/life.ts';
import type { ExperimentPlan } from '../../src/domain/experiment/experiment.ts';
import type { Notification, SaidContent } from '../../src/domain/notification/notification.ts';
import { everyPage } from '../contract/fresh-store.ts';
import { inExperiment, samplePlan, sharesOf } from '../support/experiments.ts';
import { fanOutJob, sampleAcceptance } from '../support/samples.ts';
import { type SimulatedEngine, startSimulatedEngine } from '../support/simulated-engine.ts';

const MINUTE_MS = 60_000;
const USERS = Array.from({ length: 250 }, (_, index) => `user-${index}`);
const FEW = USERS.slice(0, 40);
const TEST = { holdoutPercent: 5, testPercent: 85, decideAfterSeconds: 600 } as const;
const PLAN = samplePlan({ ...TEST, variants: samplePlan().variants.map((variant) => ({ ...variant, weight: 1 })) });

let engine: SimulatedEngine;
beforeEach(async () => {
  engine = await startSimulatedEngine();
});
afterEach(() => engine.dispose());

const accept = async (plan: ExperimentPlan<SaidContent>, users: readonly string[]) => {
  for (const userId of users) await engine.device(userId);
  const notification = inExperiment(plan, { acceptedAtMs: engine.clock.now(), userCount: users.length });
  await engine.store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(users) }));
  await engine.tick();
  return notification;
};
const run = (minutes: number) => engine.runUntil(engine.clock.now() + minutes * MINUTE_MS);
const deliveriesOf = async ({ id }: Notification): Promise<readonly Delivery[]> => {
  const query = { notificationId: id, userId: null, attempted: false, filter: ANY_DELIVERY, limit: 200 };
  return (await everyPage((cursor) => engine.store.deliveries.listByNotification({ ...query, cursor }))).items;
};
/** Of the users of a variant, so many of a hundred click. */
const click = async (notification: Notification, percent: Readonly<Record<string, number>>) => {
  const clicked = (await deliveriesOf(notification)).filter(({ userId, variant }) => {
    return (Number(userId.slice('user-'.length)) * 37) % 100 < (percent[variant?.key ?? ''] ?? 0);
  });
  const marks = clicked.flatMap(({ id: deliveryId }) =>
    ['shown', 'clicked', 'clicked '].map((name) => {
      return { deliveryId, name, atMs: engine.clock.now(), isInExperiment: true as const };
    }),
  );
  await engine.store.receipts.keep(marks);
};
const decisions = async () => {
  while ((await engine.store.events.relay(100)) > 0);
  return (await engine.store.events.after(0, 1000)).filter(({ type }) => type === 'experiment.decided');
};
/** How many of the titles were sent. */
const said = (from = 0) => {
  const titles = engine.payloads.slice(from).map((payload) => JSON.parse(payload).title as string);
  return {
    Hello: titles.filter((one) => one === 'Hello').length,
    Welcome: titles.filter((one) => one === 'Welcome').length,
  };
};
const numbers = async ({ id }: Notification) => ({
  counts: await engine.store.deliveries.countByState(id),
  suppressed: await engine.store.suppressions.countByReason(id),
});

describe('a test', () => {
  const shares = sharesOf(PLAN, USERS);
  const waiting = shares('waiting').length;

  it('sends the winner to the others, once its time has come', async () => {
    const notification = await accept(PLAN, USERS);
    await run(1);
    expect(said()).toEqual({ Hello: shares('a').length, Welcome: shares('b').length });
    await click(notification, { a: 5, b: 60 });
    // The alarm is lost, and the process that had it: the store knows.
    engine.jobs.length = 0;
    await run(8);
    expect(engine.pushes).toHaveLength(shares('a').length + shares('b').length);
    await run(2);
    expect(said(engine.pushes.length - waiting)).toEqual({ Hello: 0, Welcome: waiting });
    expect(await numbers(notification)).toMatchObject({
      counts: { delivered: USERS.length - shares('holdout').length },
      suppressed: { holdout: shares('holdout').length, experiment_inconclusive: 0 },
    });
    expect(await decisions()).toMatchObject([{ data: { winner: 'b', sends: 'b', notificationId: notification.id } }]);
    expect(await engine.store.notifications.get(notification.id)).toMatchObject({ status: 'completed', dueAtMs: null });
    const counts = await engine.store.experiments.counts('greeting');
    expect(counts.get('b')).toMatchObject({ users: shares('b').length, delivered: shares('b').length });
    await run(60);
    expect(await decisions()).toHaveLength(1);
  });
});

describe('a test that says nothing', () => {
  it.each([
    ['stop', { Hello: 0, Welcome: 0 }, null],
    ['send_heaviest', { Hello: 1, Welcome: 0 }, 'a'],
  ] as const)('comes to %s', async (ifInconclusive, each, sends) => {
    const plan = { ...PLAN, ifInconclusive };
    const shares = sharesOf(plan, FEW);
    const waiting = shares('waiting').length;
    const notification = await accept(plan, FEW);
    await run(1);
    const tested = engine.pushes.length;
    expect(tested).toBe(shares('a').length + shares('b').length);
    await run(10);
    expect(said(tested)).toEqual({ Hello: each.Hello * waiting, Welcome: 0 });
    expect((await numbers(notification)).suppressed).toMatchObject({
      experiment_inconclusive: sends === null ? waiting : 0,
      missed: 0,
    });
    expect(await decisions()).toMatchObject([{ data: { winner: null, sends } }]);
  });

  it.each([
    ['decided late after an outage within the deadline', 30, 'experiment_inconclusive'],
    ['missed after one that was longer', 70, 'missed'],
  ] as const)('is %s', async (_, minutesDown, reason) => {
    const shares = sharesOf(PLAN, FEW);
    const notification = await accept(PLAN, FEW);
    await run(1);
    engine.jobs.length = 0;
    engine.clock.advance(minutesDown * MINUTE_MS);
    await engine.tick();
    await run(1);
    expect((await numbers(notification)).suppressed).toMatchObject({ [reason]: shares('waiting').length });
    expect(await decisions()).toHaveLength(1);
    expect(await engine.store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('gets its time after an outage at its beginning, too', async () => {
    for (const userId of FEW) await engine.device(userId);
    const notification = inExperiment(PLAN, { acceptedAtMs: engine.clock.now(), userCount: FEW.length });
    await engine.store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(FEW) }));
    engine.clock.advance(20 * MINUTE_MS);
    await engine.tick();
    await run(1);
    expect(engine.pushes.length).toBeGreaterThan(0);
    expect(await decisions()).toEqual([]);
    await run(9);
    expect(await decisions()).toHaveLength(1);
  });
});

describe('calling it off before the decision', () => {
  it('leaves nobody waiting, and its numbers add up', async () => {
    const shares = sharesOf(PLAN, FEW);
    const tested = shares('a').length + shares('b').length;
    engine.answerWith(() => 503);
    const notification = await accept(PLAN, FEW);
    await run(1);
    await engine.store.notifications.cancel(notification.id, engine.clock.now());
    const { counts } = await numbers(notification);
    expect(counts.delivered + counts.sending + counts.retrying).toBe(tested);
    engine.answerWith(() => 201);
    await engine.tick();
    await run(30);
    expect(await numbers(notification)).toMatchObject({
      counts: { cancelled: tested, delivered: 0 },
      suppressed: { cancelled: shares('waiting').length, holdout: shares('holdout').length },
    });
    expect(await decisions()).toEqual([]);
  });
});

describe('a variant', () => {
  it('is the same in each retry, and in a replay', async () => {
    const plan = { ...PLAN, testPercent: null, decideAfterSeconds: null, holdoutPercent: 0 };
    let answers = 0;
    engine.answerWith(() => {
      answers += 1;
      return answers % 3 === 0 ? 400 : 503;
    });
    const notification = await accept(plan, ['user-1']);
    engine.jobs.push(fanOutJob(notification));
    await run(30);
    const [failed] = await deliveriesOf(notification);
    expect(failed).toMatchObject({ state: 'failed', attemptCount: 3 });
    engine.answerWith(() => 201);
    const subscription = await engine.store.subscriptions.get(failed!.subscriptionId);
    const request = { nowMs: engine.clock.now(), ttlSeconds: 600 };
    const again = replayed(failed!, { subscription, notification }, request);
    if (again.kind === 'refused') throw new Error(again.why);
    await engine.store.deliveries.settleMany([again.plan.settlement]);
    await engine.tick();
    await run(1);
    const titles = new Set(engine.payloads.map((payload) => JSON.parse(payload).title));
    expect(engine.payloads).toHaveLength(4);
    expect([...titles]).toEqual([failed!.variant?.key === 'a' ? 'Hello' : 'Welcome']);
    expect((await engine.store.experiments.counts('greeting')).get(failed!.variant!.key)).toMatchObject({
      users: 1,
      delivered: 1,
    });
  });
});
