import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ProcessView, processWords, readProcessWords } from '../../../src/domain/process/process-view.ts';
import type { LaneView } from '../../../src/domain/push-service/lane-view.ts';

const LANE: LaneView = { origin: 'https://a.example', service: 'fcm', standing: 'open', untilMs: null, inFlight: 2 };
const VIEW: ProcessView = {
  ...{ id: 'one', host: 'machine-1', pid: 7, version: '1.2.3', roles: ['api', 'worker'], startedAtMs: 5 },
  lanes: [LANE, { ...LANE, standing: 'closed', untilMs: 9 }],
};

it('is read as it was told, the worst lane first', () => {
  expect(readProcessWords(processWords(VIEW))).toEqual({ ...VIEW, lanes: VIEW.lanes.toReversed() });
});

it('tells of no more lanes than a hundred, and of the worst', () => {
  const many = Array.from(
    { length: 300 },
    (_, at): LaneView => ({ ...LANE, standing: at === 299 ? 'closed' : 'open' }),
  );
  const read = readProcessWords(processWords({ ...VIEW, lanes: many }));
  expect([read?.lanes.length, read?.lanes[0]?.standing]).toEqual([100, 'closed']);
});

it('leaves out what a newer version says of roles and lanes that this one does not know', () => {
  const words = JSON.stringify({
    ...VIEW,
    roles: ['api', 'oracle'],
    lanes: [{ ...LANE, standing: 'ajar' }, { ...LANE, service: 'pigeon' }, { ...LANE, inFlight: -1 }, null, LANE],
  });
  expect(readProcessWords(words)).toEqual({ ...VIEW, roles: ['api'], lanes: [LANE] });
});

it.each([
  '',
  'null',
  '[]',
  '7',
  '{"id":"one"}',
  JSON.stringify({ ...VIEW, lanes: null }),
  JSON.stringify({ ...VIEW, pid: '7' }),
])('understands nothing of %s', (words) => expect(readProcessWords(words)).toBeNull());

it('reads anything without harm', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (words) => void readProcessWords(words)));
});
