import { templateKeysOf } from '../domain/experiment/variant-content.ts';
import type { NotificationContent } from '../domain/notification/notification.ts';

/** What has a template that was deleted, and when that was. */
export type DeletedTemplate = { readonly key: string; readonly version: number; readonly deletedAtMs: number };

/** Clocks of several processes, and calls that were under way. */
const SLACK_MS = 3_600_000;
/** Few are left of a time that retention has been through. Where there are more, texts stay for now. */
export const MOST_LOOKED_AT = 1000;

/** Only what was accepted before this instant can name one of these. */
export function namedUntilMs(deleted: readonly DeletedTemplate[]): number {
  return Math.max(...deleted.map(({ deletedAtMs }) => deletedAtMs)) + SLACK_MS;
}

/** Those that none of these notifications names; none where there may be more notifications. */
export function unnamed(
  deleted: readonly DeletedTemplate[],
  contents: readonly NotificationContent[],
): readonly DeletedTemplate[] {
  if (contents.length > MOST_LOOKED_AT) return [];
  const named = new Set(contents.flatMap(templateKeysOf));
  return deleted.filter(({ key }) => !named.has(key));
}
