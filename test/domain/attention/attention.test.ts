import { expect, it } from 'vitest';
import { type AttentionFacts, attentionFor } from '../../../src/domain/attention/attention.ts';
import { SENDING_ON } from '../../../src/domain/sending/sending.ts';
import { NOW_MS } from '../../support/samples.ts';

const DAY_MS = 86_400_000;
const WELL: AttentionFacts = {
  sending: SENDING_ON,
  openHolds: [],
  closedLanes: [],
  deadLetters: 0,
  webhooks: [],
  backup: { lastAtMs: NOW_MS - DAY_MS + 1, runsSinceMs: 0 },
};
const hold = {
  id: 'hld_1',
  scope: 'origin',
  subject: 'https://fcm.googleapis.com',
  state: 'open',
  goneCount: 101,
  answerCount: 500,
  retiredIds: [],
  openedAtMs: NOW_MS - 5,
  decidedAtMs: null,
} as const;
const found = (facts: Partial<AttentionFacts>) => attentionFor({ ...WELL, ...facts }, NOW_MS);

it('asks for nobody where all is well', () => {
  expect(found({})).toEqual([]);
  expect(found({ backup: null })).toEqual([]);
  expect(found({ backup: { lastAtMs: null, runsSinceMs: NOW_MS - DAY_MS + 1 } })).toEqual([]);
});

it('names each thing with what to do, the most pressing first', () => {
  const all = found({
    sending: { state: 'paused', cause: 'asked', sinceMs: 7, drop: null },
    openHolds: [hold],
    closedLanes: [{ origin: 'https://push.example.net', untilMs: 9 }],
    deadLetters: 2,
    backup: { lastAtMs: NOW_MS - DAY_MS, runsSinceMs: 0 },
  });
  expect(all.map(({ kind, subject, count, sinceMs }) => [kind, subject, count, sinceMs])).toEqual([
    ['sending_paused', null, null, 7],
    ['prune_hold_open', 'hld_1', 101, NOW_MS - 5],
    ['lane_closed', 'https://push.example.net', null, null],
    ['dead_letters', null, 2, null],
    ['no_backup', null, null, NOW_MS - DAY_MS],
  ]);
  expect(all.map(({ says }) => says)).toEqual([
    'Nothing is sent: somebody paused it. Decide what becomes of what waits, and resume.',
    '101 of the last 500 users of https://fcm.googleapis.com were called gone: look whether they are, and confirm or dismiss.',
    'https://push.example.net fails for everybody: its deliveries wait, and a push now and then tries whether it is back.',
    '2 deliveries have failed for good: read why, then replay or leave.',
    'No backup was made for a day.',
  ]);
});

it('finds other words for one, for none, and for a backup that was started', () => {
  const says = (facts: Partial<AttentionFacts>) => found(facts).map((one) => one.says);
  expect(says({ deadLetters: 102_000 })[0]).toMatch(/^102,000 deliveries have failed/);
  expect(says({ deadLetters: 1 })).toEqual(['1 delivery has failed for good: read why, then replay or leave.']);
  expect(says({ backup: { lastAtMs: null, runsSinceMs: NOW_MS - DAY_MS } })).toEqual(['No backup was ever made.']);
  expect(says({ sending: { state: 'paused', cause: 'restored', sinceMs: 7, drop: null } })[0]).toContain('is a backup');
  expect(says({ openHolds: [{ ...hold, scope: 'vapid_key', subject: 'BSecretless' }] })[0]).toContain('one VAPID key');
});

it('names webhook endpoints that Bellhop disabled, and those that fail for more than a moment', () => {
  const fails = { id: 'whe_1', disabled: null, failingSinceMs: NOW_MS - 600_000 };
  const gone = { id: 'whe_2', disabled: { reason: 'gone', atMs: 7 }, failingSinceMs: 7 } as const;
  const well = [
    { id: 'whe_3', disabled: null, failingSinceMs: null },
    { id: 'whe_4', disabled: null, failingSinceMs: NOW_MS - 599_999 },
    { id: 'whe_5', disabled: { reason: 'by_hand', atMs: 7 }, failingSinceMs: 7 } as const,
  ];
  expect(found({ webhooks: [fails, gone, ...well] })).toMatchObject([
    { kind: 'webhook_failing', subject: 'whe_1', sinceMs: NOW_MS - 600_000 },
    { kind: 'webhook_failing', subject: 'whe_2', sinceMs: 7 },
  ]);
});
