import { html } from 'hono/html';
import { type Subscription, shortenEndpoint } from '../../domain/subscription/subscription.ts';
import type { Html } from './layout.ts';
import { address, serviceName, table, time } from './parts.ts';

/** Subscriptions of one user. An endpoint is a secret, and shown shortened. */
export function deviceTable(devices: readonly Subscription[]): Html {
  return table({
    caption: 'Devices',
    columns: [['State'], ['Push service'], ['Browser', 'wide'], ['Registered'], ['Subscription']],
    rows: devices.map((device) => [
      deviceState(device),
      html`${serviceName(device.endpoint)} <small class="muted">${shortenEndpoint(device.endpoint)}</small>`,
      device.userAgent ?? '–',
      time(device.updatedAtMs),
      html`<a href="${address('subscription', { id: device.id })}"><code>…${device.id.slice(-6)}</code></a>`,
    ]),
    empty: 'No device of this user is known.',
  });
}

export function deviceState({ retired, quarantine, suspectedByHoldId }: Subscription): Html {
  if (retired !== null) return html`<span class="state retired">retired: ${retired.reason}</span>`;
  if (quarantine !== null) return html`<span class="state quarantined">in quarantine</span>`;
  if (suspectedByHoldId !== null) return html`<span class="state quarantined">called gone, on hold</span>`;
  return html`<span class="state active">active</span>`;
}
