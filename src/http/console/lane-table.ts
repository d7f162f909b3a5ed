import { html } from 'hono/html';
import type { PushService } from '../../domain/push-service/push-service.ts';
import type { Overview } from '../../intake/overview.ts';
import type { Html } from './layout.ts';
import { number, table, time } from './parts.ts';

const NAMES: Readonly<Record<PushService, string>> = {
  fcm: 'Google (FCM)',
  mozilla: 'Mozilla',
  apple: 'Apple',
  wns: 'Microsoft (WNS)',
  other: 'Others',
};

/** What people call a push service. */
export function laneName(service: PushService): string {
  return NAMES[service];
}

/** The way to each push service: whether it is open, how fast it goes, and for how many. */
export function laneTable({ services }: Overview): Html {
  return table({
    caption: 'The way to each push service',
    columns: [
      ['Push service'],
      ['Lane'],
      ['Under way', 'number'],
      ['A second', 'number'],
      ['Latency', 'number'],
      ['Active', 'number'],
      ['In quarantine', 'number'],
    ],
    rows: services.map((lane) => {
      const { service } = lane;
      return [
        NAMES[service],
        html`<span class="state lane-${lane.standing}" data-live="lane ${service}">${lane.standing}</span>${lane.untilMs === null ? '' : html` until ${time(lane.untilMs)}`}`,
        live(`flight ${service}`, number(lane.inFlight)),
        live(`rate ${service}`, lane.attemptsPerSecond.toFixed(1)),
        live(`latency ${service}`, latency(lane.meanLatencyMs)),
        live(`active ${service}`, number(lane.activeSubscriptions)),
        live(`quarantined ${service}`, number(lane.quarantinedSubscriptions)),
      ];
    }),
    empty: '',
  });
}

/** A text that the script keeps up to date, by this name. */
export function live(name: string, text: string): Html {
  return html`<span data-live="${name}">${text}</span>`;
}

function latency(ms: number | null): string {
  return ms === null ? '–' : `${Math.round(ms)} ms`;
}
