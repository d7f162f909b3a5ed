import { outcomeOf } from '../../src/domain/push-service/push-outcome.ts';

/**
 * What the picture tells: a notification whose push service was busy at first. The answers are as the demo page’s back end gives
 * them, with every instant fixed, so that the picture is the same each time.
 */

const START_MS = Date.parse('2026-03-14T09:30:00.000Z');
const SUBSCRIPTION_ID = 'sub_01kkdemo';
const ID = 'ntf_01kkdemo';
const after = (ms: number): string => new Date(START_MS + ms).toISOString();

export const ANSWER_MS = 4;
export const SHOWN_MS = 2190;

/** In the place of the SDK: a browser that has subscribed. */
export const SDK = `export const createBellhop = () => ({
  status: async () => ({ state: 'subscribed', subscriptionId: '${SUBSCRIPTION_ID}' }),
  onMessage: (listener) => { window.show = () => listener({ kind: 'shown', notification: { notification_id: '${ID}' } }); },
});`;

/** Nobody opens the form. */
export const PREFERENCES = 'export const createPreferences = null, preferencesForm = null;';

export const ACCEPTED = { id: ID, accepted_at: after(0), payload_octets: 318 };

const busy = outcomeOf({ kind: 'response', status: 503, retryAfter: null, reason: null });

/** One event of the stream, and its end. */
export const STREAM = [
  'event: view',
  `data: ${JSON.stringify({
    notification: { id: ID, status: 'completed' },
    deliveries: [
      {
        id: 'dlv_01kkdemo',
        subscription_id: SUBSCRIPTION_ID,
        push_service: 'https://updates.push.services.mozilla.com',
        state: 'delivered',
        states: [
          ['pending', 1],
          ['sending', 3],
          ['retrying', 94],
          ['sending', 2051],
          ['delivered', 2140],
        ].map(([state, ms]) => ({ state, at: after(Number(ms)) })),
        attempts: [
          {
            number: 1,
            http_status: 503,
            latency_ms: 91,
            error: busy.error,
            remedy: busy.remedy,
            retry_at: after(2050),
          },
          { number: 2, http_status: 201, latency_ms: 89, error: null, remedy: null, retry_at: null },
        ],
      },
    ],
  })}`,
  '',
  'event: end',
  'data: ',
  '',
  '',
].join('\n');
