import { USUAL_EVENT_TYPES } from '../domain/event/outbox-event.ts';
import { setting } from './setting.ts';
import { allowedHosts, eventTypes, integer } from './setting-parsers.ts';

/** What is announced, and to whom. */
export const EVENT_SETTINGS = {
  EVENT_TYPES: setting(
    USUAL_EVENT_TYPES.join(','),
    eventTypes,
    'Which [events](events.md) are written, comma-separated; `none` writes none. `receipt.recorded` only where it is named: there may be one for each delivery.',
  ),
  EVENT_RETENTION_DAYS: setting(
    '14',
    integer(1, 3650),
    'How long events are kept, in days. Whoever reads them less often is told that some are gone.',
  ),
  WEBHOOK_ALLOWED_HOSTS: setting(
    '',
    allowedHosts,
    'Hosts that [webhooks](webhooks.md) may be sent to though they lead to a private address, or by plain http: `host:port`, comma-separated.',
  ),
} as const;
