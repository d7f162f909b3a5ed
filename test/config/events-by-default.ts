import { USUAL_EVENT_TYPES } from '../../src/domain/event/outbox-event.ts';

/** What the settings of events are where nothing is set. */
export const EVENTS_BY_DEFAULT = { eventTypes: USUAL_EVENT_TYPES, eventRetentionDays: 14, webhookAllowedHosts: [] };
