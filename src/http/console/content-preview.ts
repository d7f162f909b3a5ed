import { html } from 'hono/html';
import type { NotificationContent } from '../../domain/notification/notification.ts';
import { MAX_PAYLOAD_OCTETS } from '../../domain/notification/notification.ts';
import type { Html } from './layout.ts';
import { facts, number } from './parts.ts';

/** Much as a browser puts it on the screen. Nothing of it is loaded: a picture would tell its server who looks. */
export function contentPreview(content: Omit<NotificationContent, 'type'>): Html {
  const { title, body, actions = [], url, image, icon, dir, locale } = content;
  return html`<figure class="preview" dir="${dir ?? 'auto'}"${locale === undefined ? '' : html` lang="${locale}"`}>
<p class="preview-title">${title}</p>${body === undefined ? '' : html`<p>${body}</p>`}
${actions.length === 0 ? '' : html`<p class="marks">${actions.map((action) => html`<span class="tag">${action.title}</span>`)}</p>`}</figure>
${facts([
  ['Leads to', url ?? null],
  ['Picture', image ?? null],
  ['Icon', icon ?? null],
])}`;
}

/** How much of what push services take a payload is. */
export function octetMeter(octets: number): Html {
  const says = `${number(octets)} of ${number(MAX_PAYLOAD_OCTETS)} octets`;
  return html`<p>${says}</p><meter min="0" max="${MAX_PAYLOAD_OCTETS}" value="${octets}" aria-label="Octets of the payload">${says}</meter>`;
}
