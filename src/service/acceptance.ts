import { readNotificationBody } from '../http/v1/notification-schema.ts';
import { type Accepting, type AcceptingOptions, createAccepting } from '../intake/accepting.ts';
import { type Audiences, createAudiences } from '../intake/audiences.ts';
import { createOccurrences, type Occurrences } from '../intake/occurrences.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';

export type AcceptanceParts = Omit<AcceptingOptions, 'rules' | 'audiences' | 'templates' | keyof AcceptanceSettings> & {
  readonly store: Store;
  readonly rules: StandingRules;
};

export type AcceptanceSettings = Pick<AcceptingOptions, 'serverZone' | 'defaultTtlSeconds' | 'tracking'>;

/** By which notifications come into the store, from callers and from schedules alike. */
export type AcceptanceOfAll = {
  readonly audiences: Audiences;
  readonly accepting: Accepting;
  readonly occurrences: Occurrences;
};

/** The one way of acceptance, for the API and for the scheduler. */
export function buildAcceptance(parts: AcceptanceParts, settings: AcceptanceSettings): AcceptanceOfAll {
  const audiences = createAudiences({ ...parts, ...settings });
  const accepting = createAccepting({ ...parts, ...settings, templates: parts.store.templates, audiences });
  return {
    audiences,
    accepting,
    occurrences: createOccurrences({ ...parts, accepting, readBody: readNotificationBody }),
  };
}
