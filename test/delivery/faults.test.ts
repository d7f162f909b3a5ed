import { afterEach, describe, expect, it } from 'vitest';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import type { Step } from '../../src/emulator/behaviour.ts';
import type { DeviceOptions } from '../../src/emulator/device.ts';
import type { Emulator, EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { ProfileName } from '../../src/emulator/profile.ts';
import { type Engine, type EngineOptions, startEngine } from '../support/engine.ts';
import { startService } from '../support/services.ts';

let engine: Engine | null = null;
let service: Emulator | null = null;

afterEach(async () => {
  // Each of these ends by itself: a promise or a connection left hanging runs into the hook's limit.
  await engine?.dispose();
  await service?.disconnected();
  await service?.close();
  engine = service = null;
});

/** Long enough that a first retry is still to come when its delivery is looked at. */
const SLOW_RETRIES = { maxRetries: 3, baseMs: 3_600_000, maxMs: 3_600_000 };

type Scene = {
  readonly engine?: EngineOptions;
  readonly service?: EmulatorOptions;
  readonly device?: DeviceOptions;
  readonly topic?: string;
};

/** One push to one device of one service: how the delivery stands after its first attempt. */
async function push(profile: ProfileName, scene: Scene) {
  service = await startService(profile, scene.service);
  engine = await startEngine({ policy: SLOW_RETRIES, ...scene.engine, otherEmulators: [service] });
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada', scene.device, service);
  const notification = await engine.notify(['ada'], { topic: scene.topic ?? null, ttlSeconds: 86_400 });
  const id = deliveryId(notification.id, subscription.id);
  await engine.when('delivery.settled', (event) => event.deliveryId === id);
  const [delivery, kept] = [
    await engine.store.deliveries.get(id),
    await engine.store.subscriptions.get(subscription.id),
  ];
  if (delivery === null || kept === null) throw new Error('the delivery or its subscription is gone');
  expect(delivery.attempts).toHaveLength(1);
  expect(device.requests).toHaveLength(1);
  return { device, delivery, subscription: kept, attempt: delivery.attempts[0]! };
}

const SENT = ['delivered', null, 'delivered'] as const;
const GONE = ['pruned', 'subscription_gone', 'gone'] as const;
const REFUSED = ['failed', 'rejected', 'rejected'] as const;
const KEY_FAULT = ['failed', 'misconfigured', 'misconfigured'] as const;
const RETRIES = ['retrying', null, 'retryable'] as const;
const THROTTLED = ['retrying', null, 'throttled'] as const;
const HEALS = ['retrying', null, 'quarantined'] as const;
type Ending =
  | typeof SENT
  | typeof GONE
  | typeof REFUSED
  | typeof KEY_FAULT
  | typeof RETRIES
  | typeof THROTTLED
  | typeof HEALS;

const AGAIN = /tries again/;
const JUNK = { bodyOctets: 65_536 };
const RETIRED = /retired/;
const RETRY_AFTER = { retryAfterSeconds: 120 };
const TTL_CONFLICT = { 'X-WNS-Error-Description': 'Ttl value conflicts with X-WNS-Cache-Policy.' };
const WRONG_KEY = { device: { applicationServerKey: generateVapidKeys().publicKey } };
/** What is fresh here has expired there. */
const CLOCK_AHEAD = { service: { nowMs: () => Date.now() + 13 * 3_600_000 } };
const says = (step: Step): Scene => ({ device: { behaviour: [step] } });
const hangs = (step: Step): Scene => ({ ...says(step), engine: { attemptTimeoutMs: 1000 } });

type Row = readonly [
  service: ProfileName,
  fault: string,
  scene: Scene,
  status: number | null,
  ending: Ending,
  error: RegExp | null,
  remedy: RegExp | null,
];

const FAULTS: readonly Row[] = [
  [
    'wns',
    'finds a TTL wrong',
    says({ status: 400, headers: TTL_CONFLICT }),
    400,
    REFUSED,
    /Ttl value/,
    /fault of Bell/,
  ],
  [
    'wns',
    'drops it after all',
    says({ headers: { 'X-WNS-Status': 'dropped' } }),
    201,
    SENT,
    /dropped/,
    /may not reach/,
  ],
  ['wns', 'throttles', says({ status: 406, ...RETRY_AFTER }), 406, THROTTLED, /channelthrottled/, AGAIN],
  ['wns', 'finds the token expired', CLOCK_AHEAD, 401, KEY_FAULT, /old one/, /clock/],
  ['wns', 'forbids', says({ status: 403 }), 403, KEY_FAULT, /not authorized/, /VAPID/],
  ['wns', 'has closed the channel', says({ status: 410 }), 410, GONE, /channel expired/, RETIRED],
  ['apple', 'cannot decode a topic of 5 characters', { topic: 'abcde' }, 201, SENT, null, null],
  [
    'apple',
    'does not take a topic',
    says({ status: 400, body: '{"reason":"BadWebPushTopic"}' }),
    400,
    REFUSED,
    /BadWeb/,
    /fault of Bell/,
  ],
  [
    'apple',
    'does not take a subject at localhost',
    { engine: { vapidSubject: 'mailto:ops@localhost' } },
    403,
    KEY_FAULT,
    /BadJwtToken/,
    /VAPID_SUBJECT/,
  ],
  ['apple', 'knows another key', WRONG_KEY, 400, KEY_FAULT, /VapidPkHashMismatch/, /key pair it was made with/],
  ['apple', 'finds the token expired', CLOCK_AHEAD, 403, KEY_FAULT, /BadJwtToken/, /clock/],
  [
    'apple',
    'gets too much for one device',
    says({ status: 429, ...RETRY_AFTER }),
    429,
    THROTTLED,
    /TooManyRequests/,
    AGAIN,
  ],
  ['apple', 'does not know the device', says({ status: 404 }), 404, GONE, /BadPath/, RETIRED],
  ['apple', 'finds it too large', says({ status: 413 }), 413, REFUSED, /PayloadTooLarge/, /Send less/],
  ['fcm', 'knows another key', WRONG_KEY, 403, KEY_FAULT, /do not correspond/, /key pair it was made with/],
  ['fcm', 'finds the token expired', CLOCK_AHEAD, 403, KEY_FAULT, /invalid JWT/, /clock/],
  [
    'fcm',
    'refuses for a day',
    says({ status: 403, body: 'invalid push subscription endpoint' }),
    403,
    HEALS,
    /not know/,
    /QUARANTINE_RETRY_HOURS/,
  ],
  ['fcm', 'has a stale token', says({ status: 404 }), 404, GONE, /unsubscribed or expired/, RETIRED],
  ['fcm', 'throttles', says({ status: 429, ...RETRY_AFTER }), 429, THROTTLED, /Too Many Requests/, AGAIN],
  ['mozilla', 'knows another key', WRONG_KEY, 401, KEY_FAULT, /public key mismatch/, /key pair it was made with/],
  ['mozilla', 'finds the token expired', CLOCK_AHEAD, 401, KEY_FAULT, /errno 109/, /clock/],
  ['mozilla', 'has lost the browser', says({ status: 410 }), 410, GONE, /errno 106/, RETIRED],
  ['mozilla', 'does not know the endpoint', says({ status: 404 }), 404, GONE, /HTTP 404\)$/, RETIRED],
  [
    'mozilla',
    'goes by another name',
    { service: { ownOrigin: 'https://push.example.com' } },
    401,
    KEY_FAULT,
    /errno 109: Invalid VAPID audience/,
    /own name/,
  ],
  ['mozilla', 'is overloaded', says({ status: 503 }), 503, RETRIES, /Database error/, AGAIN],
  ['mozilla', 'has no time', says({ status: 408 }), 408, RETRIES, /timed out/, AGAIN],
  ['generic', 'answers slowly', says({ delayMs: 100 }), 201, SENT, null, null],
  ['generic', 'never answers', hangs({ fault: 'hang' }), null, RETRIES, /no answer within/, AGAIN],
  ['generic', 'answers too late', hangs({ delayMs: 3_600_000 }), null, RETRIES, /no answer within/, AGAIN],
  ['generic', 'resets the connection', says({ fault: 'reset' }), null, RETRIES, /connection broke/, AGAIN],
  ['generic', 'resets it within the body of a 201', says({ fault: 'reset_mid_body' }), 201, SENT, null, null],
  [
    'generic',
    'resets it within the body of a 410',
    says({ status: 410, fault: 'reset_mid_body' }),
    410,
    GONE,
    /the start of/,
    RETIRED,
  ],
  [
    'generic',
    'hangs within the body of a 410',
    hangs({ status: 410, fault: 'hang_mid_body' }),
    410,
    GONE,
    /the start of/,
    RETIRED,
  ],
  ['generic', 'answers 201 with 64 KiB of junk', says(JUNK), 201, SENT, null, null],
  ['generic', 'answers 500 with 64 KiB of junk', says({ status: 500, ...JUNK }), 500, RETRIES, /HTTP 500, …\)$/, AGAIN],
  [
    'generic',
    'answers 404 with junk without end',
    says({ status: 404, bodyOctets: 1e12 }),
    404,
    GONE,
    /HTTP 404, …\)$/,
    RETIRED,
  ],
  [
    'generic',
    'claims a longer body than it sends',
    hangs({ status: 404, body: 'no', contentLength: 500 }),
    404,
    GONE,
    /HTTP 404, no\)$/,
    RETIRED,
  ],
  [
    'generic',
    'claims a shorter body than it sends',
    says({ status: 404, body: 'no such device', contentLength: 2 }),
    404,
    GONE,
    /HTTP 404/,
    RETIRED,
  ],
  ['generic', 'claims a body for its 201 and sends none', hangs({ contentLength: 500 }), 201, SENT, null, null],
  [
    'generic',
    'redirects',
    says({ status: 307, headers: { Location: 'https://127.0.0.1/' } }),
    307,
    REFUSED,
    /redirect/,
    /subscribe again/,
  ],
  [
    'generic',
    'has trouble',
    says({ status: 502, body: '<title>Bad Gateway</title>' }),
    502,
    RETRIES,
    /Bad Gateway/,
    AGAIN,
  ],
];

describe('a service that', () => {
  it.each(FAULTS)('%s: %s', async (profile, _fault, scene, httpStatus, [state, reason, outcome], error, remedy) => {
    const { delivery, attempt, subscription } = await push(profile, scene);
    expect(delivery).toMatchObject({ state, reason, attemptCount: 1, claimedAtMs: null });
    expect(attempt).toMatchObject({ number: 1, httpStatus, outcome, retryCount: 0 });
    expect(attempt.status).toBe(outcome === 'delivered' ? 'delivered' : 'failed');
    if (error === null) expect(attempt.error).toBeNull();
    else expect(attempt.error).toMatch(error);
    if (remedy === null) expect(attempt.remedy).toBeNull();
    else expect(attempt.remedy).toMatch(remedy);
    expect(attempt.retryAtMs).toBe(state === 'retrying' ? delivery.dueAtMs : null);
    expect(subscription.retired === null).toBe(state !== 'pruned');
    expect(subscription.quarantine === null).toBe(outcome !== 'quarantined');
  });
});

it('a topic that Apple could not decode is sent as one that it can', async () => {
  const { device } = await push('apple', { topic: 'abcde' });
  expect(device.received).toMatchObject([{ topic: expect.stringMatching(/^[\w-]{32}$/), refusal: null }]);
});

describe('Retry-After: 120', () => {
  it.each([
    ['fcm', 429, true],
    ['mozilla', 503, true],
    ['apple', 503, true],
    // What it answers is about one channel.
    ['wns', 406, false],
    ['apple', 429, false],
  ] as const)('of %s with %i is waited for; it holds for the whole origin: %s', async (profile, status, isForAll) => {
    const { delivery, attempt } = await push(profile, says({ status, ...RETRY_AFTER }));
    expect((delivery.dueAtMs ?? 0) - attempt.endedAtMs).toBeGreaterThanOrEqual(120_000);
    expect(engine?.told.some(({ type }) => type === 'origin.paused')).toBe(isForAll);
  });
});
