import { expect, it } from 'vitest';
import { type LaneView, serviceLanes } from '../../../src/domain/push-service/lane-view.ts';

const view = (overrides: Partial<LaneView>): LaneView => ({
  origin: 'https://fcm.googleapis.com',
  service: 'fcm',
  standing: 'open',
  untilMs: null,
  inFlight: 1,
  ...overrides,
});

it('gives every push service, open where nothing is known', () => {
  expect(serviceLanes([]).map(({ service }) => service)).toEqual(['fcm', 'mozilla', 'apple', 'wns', 'other']);
  expect(serviceLanes([])[0]).toEqual({ service: 'fcm', standing: 'open', untilMs: null, inFlight: 0 });
});

it('has the worst of several lanes, and adds up what is under way', () => {
  const [fcm, mozilla] = serviceLanes([
    view({}),
    view({ standing: 'throttled', untilMs: 9 }),
    view({ standing: 'closed', untilMs: 5 }),
    view({ standing: 'closed', untilMs: 7, inFlight: 0 }),
    view({ service: 'mozilla', standing: 'throttled', untilMs: 3 }),
  ]);
  expect(fcm).toEqual({ service: 'fcm', standing: 'closed', untilMs: 7, inFlight: 3 });
  expect(mozilla).toEqual({ service: 'mozilla', standing: 'throttled', untilMs: 3, inFlight: 1 });
});
