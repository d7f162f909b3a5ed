import { expect, it } from 'vitest';
import { momentsOfZones, RECIPIENT } from '../../src/domain/schedule/recurrence.ts';
import { readNotificationBody } from '../../src/http/v1/notification-schema.ts';
import { requestAt } from '../../src/intake/schedule-request.ts';
import { NOW_MS } from '../support/samples.ts';

const HOUR_MS = 3_600_000;
const REQUEST = readNotificationBody({ type: 't', title: 'x', user_ids: ['ada'] });
const { firstMs } = momentsOfZones(NOW_MS);
const MOMENT = { wallMs: NOW_MS, atMs: firstMs - HOUR_MS, shift: null };
const NOTHING_DROPPED = null;

const sendAt = (nowMs: number, droppedBeforeMs: number | null = NOTHING_DROPPED, catchUpSeconds = 7200) =>
  requestAt(REQUEST, { timeZone: RECIPIENT, catchUpSeconds }, MOMENT, { nowMs, droppedBeforeMs }).sendAt;

it('is sent at once in a zone', () => {
  const schedule = { timeZone: 'Europe/Berlin', catchUpSeconds: 0 };
  expect(requestAt(REQUEST, schedule, MOMENT, { nowMs: NOW_MS, droppedBeforeMs: null })).toEqual(REQUEST);
});

it('is sent to each user at that local time, and made up for within the catch-up alone', () => {
  const local = { kind: 'local', wallMs: NOW_MS };
  expect(sendAt(MOMENT.atMs)).toEqual({ ...local, ifPassed: 'send_now' });
  expect(sendAt(firstMs + 2 * HOUR_MS)).toEqual({ ...local, ifPassed: 'send_now' });
  expect(sendAt(firstMs + 2 * HOUR_MS + 1)).toEqual({ ...local, ifPassed: 'skip' });
  expect(sendAt(firstMs + HOUR_MS, firstMs + HOUR_MS)).toEqual({ ...local, ifPassed: 'skip' });
});
