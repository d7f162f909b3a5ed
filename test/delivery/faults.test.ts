import { afterEach, describe, expect, it } from 'vitest';
import type { Attempt, Delivery } from '../../src/domain/delivery.ts';
import type { Behaviour } from '../../src/emulator/behaviour.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { ProfileName } from '../../src/emulator/profile.ts';
import { type Engine, startEngine } from '../support/engine.ts';

let engine: Engine;
let services: Emulator[] = [];

/** Nothing is left: no promise that hangs, no socket at any push service. */
afterEach(async () => {
  await engine.dispose();
  await Promise.all(services.map((each) => each.disconnected()));
  await Promise.all(services.splice(0).map((each) => each.close()));
});

type Ending = Pick<Delivery, 'state' | 'reason'>;
type Truth = { readonly [Field in 'httpStatus' | 'outcome']: Attempt[Field] } & {
  readonly error: RegExp | null;
  readonly remedy: RegExp | null;
};

/** One push to one device of a service that behaves so; without retries, so that the first attempt ends it. */
async function meet(profile: ProfileName, behaviour: Behaviour): Promise<Delivery> {
  const service = await startEmulator({ profile });
  services = [...services, service];
  engine = await startEngine({
    otherEmulators: services,
    attemptTimeoutMs: 400,
    policy: { maxRetries: 0, baseMs: 1, maxMs: 1 },
  });
  await engine.start();
  const { subscription } = await engine.subscribe('ada', { behaviour }, service);
  const delivery = await engine.ended(await engine.notify(['ada']), subscription);
  expect(delivery.attempts).toHaveLength(1);
  const kept = await engine.store.subscriptions.get(subscription.id);
  expect(kept?.retired !== null).toBe(delivery.state === 'pruned');
  return delivery;
}

const GIVEN_UP: Ending = { state: 'failed', reason: 'retries_exhausted' };
const REFUSED: Ending = { state: 'failed', reason: 'rejected' };
const PRUNED: Ending = { state: 'pruned', reason: 'subscription_gone' };
const TAKEN: Ending = { state: 'delivered', reason: null };
const AGAIN = /replay/;

const FAULTS: readonly (readonly [what: string, ProfileName, Behaviour, Ending, Truth])[] = [
  [
    'hangs',
    'fcm',
    [{ fault: 'hang' }],
    GIVEN_UP,
    { httpStatus: null, outcome: 'retryable', error: /no answer within/, remedy: AGAIN },
  ],
  [
    'answers too late',
    'mozilla',
    [{ delayMs: 5000 }],
    GIVEN_UP,
    { httpStatus: null, outcome: 'retryable', error: /no answer within/, remedy: AGAIN },
  ],
  [
    'is slow but in time',
    'apple',
    [{ delayMs: 150 }],
    TAKEN,
    { httpStatus: 201, outcome: 'delivered', error: null, remedy: null },
  ],
  [
    'resets the connection',
    'wns',
    [{ fault: 'reset' }],
    GIVEN_UP,
    { httpStatus: null, outcome: 'retryable', error: /connection broke/, remedy: AGAIN },
  ],
  [
    'resets within a refusal',
    'fcm',
    [{ status: 410, fault: 'reset_mid_body', body: 'unsubscribed' }],
    PRUNED,
    { httpStatus: 410, outcome: 'gone', error: /HTTP 410, unsubscribed/, remedy: /retired/ },
  ],
  [
    'never ends its refusal',
    'mozilla',
    [{ status: 500, fault: 'hang_mid_body' }],
    GIVEN_UP,
    { httpStatus: 500, outcome: 'retryable', error: /HTTP 500/, remedy: AGAIN },
  ],
  [
    'resets within an acceptance',
    'apple',
    [{ status: 201, fault: 'reset_mid_body' }],
    TAKEN,
    { httpStatus: 201, outcome: 'delivered', error: null, remedy: null },
  ],
  [
    'sends 64 KiB of junk',
    'fcm',
    [{ status: 400, bodyOctets: 65_536 }],
    REFUSED,
    { httpStatus: 400, outcome: 'rejected', error: /HTTP 400/, remedy: /service’s reason/ },
  ],
  [
    'sends a megabyte of junk',
    'fcm',
    [{ status: 503, bodyOctets: 1_048_576 }],
    GIVEN_UP,
    { httpStatus: 503, outcome: 'retryable', error: /HTTP 503/, remedy: AGAIN },
  ],
  [
    'claims a body longer than it is',
    'mozilla',
    [{ status: 410, body: 'gone', contentLength: 400 }],
    PRUNED,
    { httpStatus: 410, outcome: 'gone', error: /HTTP 410/, remedy: /retired/ },
  ],
  [
    'says that Mozilla is busy',
    'mozilla',
    [{ status: 503, retryAfterSeconds: 120 }],
    GIVEN_UP,
    { httpStatus: 503, outcome: 'retryable', error: /HTTP 503/, remedy: AGAIN },
  ],
  [
    'says 404 as Google does',
    'fcm',
    [{ status: 404 }],
    PRUNED,
    { httpStatus: 404, outcome: 'gone', error: /HTTP 404/, remedy: /retired/ },
  ],
  [
    'says 410 as Mozilla does',
    'mozilla',
    [{ status: 410 }],
    PRUNED,
    { httpStatus: 410, outcome: 'gone', error: /errno 10\d/, remedy: /retired/ },
  ],
  [
    'says 410 as Apple does',
    'apple',
    [{ status: 410 }],
    PRUNED,
    { httpStatus: 410, outcome: 'gone', error: /HTTP 410, \w+/, remedy: /retired/ },
  ],
  [
    'throttles as WNS does',
    'wns',
    [{ status: 406 }],
    GIVEN_UP,
    { httpStatus: 406, outcome: 'throttled', error: /HTTP 406/, remedy: AGAIN },
  ],
  [
    'throttles without a time',
    'fcm',
    [{ status: 429 }],
    GIVEN_UP,
    { httpStatus: 429, outcome: 'throttled', error: /HTTP 429/, remedy: AGAIN },
  ],
  [
    'redirects',
    'fcm',
    [{ status: 307, headers: { Location: 'https://127.0.0.1:1/' } }],
    REFUSED,
    { httpStatus: 307, outcome: 'rejected', error: /redirect/, remedy: /subscribe again/ },
  ],
];

describe('a push service that', () => {
  it.each(FAULTS)('%s (%s)', async (_what, profile, behaviour, ending, truth) => {
    const delivery = await meet(profile, behaviour);
    expect(delivery).toMatchObject(ending);
    const [attempt] = delivery.attempts;
    expect(attempt).toMatchObject({ httpStatus: truth.httpStatus, outcome: truth.outcome });
    if (truth.error === null) expect(attempt?.error).toBeNull();
    else expect(attempt?.error).toMatch(truth.error);
    if (truth.remedy === null) expect(attempt?.remedy).toBeNull();
    else expect(attempt?.remedy).toMatch(truth.remedy);
    expect(attempt?.latencyMs).toBeLessThan(5000);
  });

  it.each(['fcm', 'mozilla', 'apple', 'wns'] as const)(
    'is strict, as %s is, takes what Bellhop sends',
    async (profile) => {
      const service = await startEmulator({ profile });
      services = [...services, service];
      engine = await startEngine({ otherEmulators: services });
      await engine.start();
      const { device, subscription } = await engine.subscribe('ada', {}, service);
      // The shortest life there is, and a topic of a length that Apple would refuse as it is.
      const notification = await engine.notify(['ada'], {
        ttlSeconds: 1,
        topic: 'a',
        priority: 'high',
        urgency: 'high',
      });
      const delivery = await engine.ended(notification, subscription);
      expect(delivery.attempts).toMatchObject([{ outcome: 'delivered', error: null }]);
      if (profile === 'mozilla') expect(delivery.attempts[0]?.grantedTtlSeconds).toBe(1);
      expect(await device.nextPush()).toMatchObject({ ttlSeconds: 1, urgency: 'high', refusal: null });
    },
  );

  it('refuses more than so many a second loses nobody: a storm of 429', async () => {
    const service = await startEmulator({ profile: 'fcm' });
    services = [...services, service];
    engine = await startEngine({
      otherEmulators: services,
      concurrency: 10,
      policy: { maxRetries: 20, baseMs: 20, maxMs: 100 },
    });
    const subscribed = [];
    for (let made = 0; made < 40; made += 1) subscribed.push(await engine.subscribe('ada', {}, service));
    service.setBehaviour([{ step: { status: 429, retryAfterSeconds: 1 }, nextRequests: 15 }]);
    await engine.start();
    const notification = await engine.notify(['ada'], { ttlSeconds: 600 });
    const ended = await Promise.all(subscribed.map(({ subscription }) => engine.ended(notification, subscription)));
    expect(ended.every(({ state }) => state === 'delivered')).toBe(true);
    expect(service.pushes.filter(({ status }) => status === 429)).toHaveLength(15);
    await engine.when('origin.paused');
  });

  it('says 404 to all for a while does not empty the list', async () => {
    const service = await startEmulator({ profile: 'fcm' });
    services = [...services, service];
    engine = await startEngine({ otherEmulators: services });
    const subscribed = [];
    for (let made = 0; made < 120; made += 1) subscribed.push(await engine.subscribe('ada', {}, service));
    service.setBehaviour([{ step: { status: 404 } }]);
    await engine.start();
    const notification = await engine.notify(['ada']);
    await Promise.all(subscribed.map(({ subscription }) => engine.ended(notification, subscription)));
    const counts = await engine.store.deliveries.countByState(notification.id);
    expect(counts).toMatchObject({ pruned: 50, failed: 70 });
    await engine.when('prune_hold.opened');
  });
});
