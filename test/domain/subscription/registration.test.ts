import { describe, expect, it } from 'vitest';
import {
  decideRegistration,
  decideRestore,
  type RegistrationFacts,
} from '../../../src/domain/subscription/registration.ts';
import type { RetirementReason, Subscription } from '../../../src/domain/subscription/subscription.ts';
import { LATER_MS, NOW_MS, sampleSubscription } from '../../support/samples.ts';

const device = sampleSubscription({ userId: 'ada', vapidPublicKey: 'B1' });
const { endpoint, endpointHash, keys } = device;
const draft = sampleSubscription({ userId: 'ada', endpoint, endpointHash, keys, createdAtMs: LATER_MS });

/** A row of the draft's endpoint. */
const row = (userId: string, overrides: Partial<Subscription> = {}) =>
  sampleSubscription({ userId, endpoint, endpointHash, keys, vapidPublicKey: 'B1', ...overrides });
const retired = (reason: RetirementReason, atMs = NOW_MS) => ({ retired: { reason, atMs, deliveryId: null } });

const own = row('ada');
const ownGone = row('ada', retired('gone'));
const ownMoved = row('ada', { ...retired('moved'), replacesId: 'sub_earlier' });
const rival = row('ben');
const stranger = row('ben', { keys: { ...keys, auth: 'guessed' } });
const rivalGone = row('ben', retired('gone', NOW_MS + 1));
const rivalMoved = row('ben', retired('moved', NOW_MS + 2));
const former = sampleSubscription({ userId: 'ada' });
const formerGone = sampleSubscription({ userId: 'ada', ...retired('gone') });
const formerOfBen = sampleSubscription({ userId: 'ben' });

const retirement = (seen: Subscription, reason: RetirementReason) => ({
  seen,
  change: {
    kind: 'retire',
    subscriptionId: seen.id,
    reason,
    atMs: draft.updatedAtMs,
    deliveryId: null,
    notUpdatedSinceMs: seen.updatedAtMs,
  },
});

type Expected = {
  readonly kind: 'created' | 'updated' | 'moved';
  /** The row whose id, age and place the draft gets. */
  readonly over?: Subscription;
  readonly replacesId?: string;
  readonly moved?: Subscription;
  readonly replaced?: Subscription;
};

const PLANNED: readonly [name: string, facts: Partial<RegistrationFacts>, expected: Expected][] = [
  ['nobody has the endpoint', {}, { kind: 'created' }],
  ['the user has it', { ofEndpoint: [own] }, { kind: 'updated', over: own }],
  ['the user had it, and the row is retired', { ofEndpoint: [ownGone] }, { kind: 'updated', over: ownGone }],
  [
    'the user’s row remembers what it replaced',
    { ofEndpoint: [ownMoved] },
    { kind: 'updated', over: ownMoved, replacesId: 'sub_earlier' },
  ],
  [
    'another user has it, with the same keys',
    { ofEndpoint: [rival] },
    { kind: 'moved', moved: rival, replacesId: rival.id },
  ],
  [
    'it comes back from another user',
    { ofEndpoint: [ownMoved, rival] },
    { kind: 'moved', over: ownMoved, moved: rival, replacesId: rival.id },
  ],
  ['another user’s row is retired', { ofEndpoint: [rivalGone] }, { kind: 'created' }],
  [
    'another user’s row is retired as moved, in a store of whole commits',
    { ofEndpoint: [rivalMoved], isAtomic: true },
    { kind: 'created' },
  ],
  ['the device keeps its row', { former }, { kind: 'updated', over: former }],
  ['the device’s row is retired', { former: formerGone }, { kind: 'updated', over: formerGone }],
  ['the device names another user’s row', { former: formerOfBen }, { kind: 'created' }],
  [
    'the device names the row that has the endpoint',
    { ofEndpoint: [own], former: own },
    { kind: 'updated', over: own },
  ],
  [
    'the device’s row and the endpoint’s are two rows of the user',
    { ofEndpoint: [own], former },
    { kind: 'updated', over: own, replaced: former },
  ],
  [
    'the endpoint’s row of the user is retired, the device’s is not',
    { ofEndpoint: [ownGone], former },
    { kind: 'updated', over: ownGone, replaced: former },
  ],
  [
    'the device’s row is retired, the endpoint’s is not',
    { ofEndpoint: [own], former: formerGone },
    { kind: 'updated', over: own },
  ],
  [
    'another user’s endpoint goes into the device’s row',
    { ofEndpoint: [rival], former },
    { kind: 'moved', over: former, moved: rival, replacesId: rival.id },
  ],
  [
    'both rows of the user, and another user has the endpoint',
    { ofEndpoint: [ownGone, rival], former },
    { kind: 'moved', over: ownGone, moved: rival, replaced: former, replacesId: rival.id },
  ],
];

describe('decideRegistration', () => {
  const decide = (facts: Partial<RegistrationFacts>) =>
    decideRegistration({ draft, ofEndpoint: [], former: null, isVapidKeyGiven: true, isAtomic: true, ...facts });

  it.each(PLANNED)('%s', (_, facts, expected) => {
    const { kind, over = null, moved, replaced, replacesId = null } = expected;
    const { id, createdAtMs } = over ?? draft;
    const subscription = { ...draft, id, createdAtMs, replacesId };
    expect(decide(facts)).toEqual({
      kind: 'planned',
      retireBefore: moved === undefined ? null : retirement(moved, 'moved'),
      over,
      result: { kind, subscription, ...(replaced && { replacedId: replaced.id }) },
      retireAfter: replaced === undefined ? null : retirement(replaced, 'replaced'),
    });
  });

  it.each([
    ['another user has it, with another key', { ofEndpoint: [stranger] }],
    ['another user has it, with another key, and the user had it', { ofEndpoint: [ownGone, stranger] }],
    ['another user has it, with another key, and the device names its row', { ofEndpoint: [stranger], former }],
  ])('taken: %s', (_, facts) => {
    expect(decide(facts)).toEqual({ kind: 'taken' });
  });

  it.each([
    ['with neither key', { p256dh: 'other', auth: 'other' }],
    ['with p256dh alone', { ...keys, auth: 'other' }],
    ['with auth alone', { ...keys, p256dh: 'other' }],
  ])('taken: a stranger comes %s', (_, guessed) => {
    expect(decide({ draft: { ...draft, userId: 'eve', keys: guessed }, ofEndpoint: [own] })).toEqual({ kind: 'taken' });
  });

  describe('where rows are written one by one, so that a move may lack its second half', () => {
    const halfMoved = (ofEndpoint: readonly Subscription[]) => decide({ ofEndpoint, isAtomic: false });

    it.each([
      ['the endpoint’s only row was moved away', [rivalMoved]],
      ['the latest of several to be active was moved away', [row('eve', retired('gone')), rivalMoved]],
    ])('%s: finishes the move', (_, ofEndpoint) => {
      const result = { kind: 'moved', subscription: { id: draft.id, replacesId: rivalMoved.id } };
      expect(halfMoved(ofEndpoint)).toMatchObject({ result, over: null, retireBefore: null });
    });

    it.each([
      ['a later row was retired for another reason', [rivalMoved, row('eve', retired('gone', LATER_MS))]],
      ['it was moved away from this user', [row('ada', retired('moved'))]],
      ['it was moved away from a browser with other keys', [{ ...rivalMoved, keys: { ...keys, auth: 'other' } }]],
      ['the move has both its halves', [rivalMoved, row('ada')]],
    ])('%s: no move', (_, ofEndpoint) => {
      expect(halfMoved(ofEndpoint)).toMatchObject({ result: { kind: expect.stringMatching(/created|updated/) } });
    });
  });

  it.each([
    ['its own', false, [own], 'B1'],
    ['that of another user’s row', false, [rivalGone], 'B1'],
    ['that of its active row', false, [rivalGone, { ...own, vapidPublicKey: 'B2' }], 'B2'],
    [
      'that of the row last registered, where none is active',
      false,
      [rivalGone, row('ben', { ...retired('gone'), vapidPublicKey: 'B2', updatedAtMs: LATER_MS }), ownGone],
      'B2',
    ],
    ['the caller’s, where that is given', true, [own], draft.vapidPublicKey],
    ['the caller’s, where the endpoint is new', false, [], draft.vapidPublicKey],
  ])('gives the endpoint %s as its VAPID key', (_, isVapidKeyGiven, ofEndpoint, vapidPublicKey) => {
    expect(decide({ isVapidKeyGiven, ofEndpoint })).toMatchObject({ result: { subscription: { vapidPublicKey } } });
  });
});

describe('decideRestore', () => {
  const restored = { ...ownGone, retired: null, updatedAtMs: LATER_MS };

  it.each([
    ['there is none', null, [], { kind: 'missing' }],
    ['it is active', own, [own], { kind: 'active', subscription: own }],
    ['its endpoint is another row’s', ownGone, [ownGone, rival], { kind: 'taken' }],
    ['its browser went to another user', ownMoved, [ownMoved], { kind: 'taken' }],
    ['its device has another row', row('ada', retired('replaced')), [], { kind: 'taken' }],
    ['nobody has its endpoint', ownGone, [ownGone], { kind: 'restored', subscription: restored }],
    [
      'only retired rows have its endpoint',
      ownGone,
      [ownGone, rivalGone],
      { kind: 'restored', subscription: restored },
    ],
  ] as const)('%s', (_, one, ofEndpoint, expected) => {
    expect(decideRestore(one, ofEndpoint, LATER_MS)).toEqual(expected);
  });
});
