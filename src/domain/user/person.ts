import type { User } from './user.ts';

/** A user as gates and audiences see them: what was said of them, and the zone of their newest device that has told one. */
export type Person = { readonly user: User | null; readonly deviceZone: string | null };

/** Nothing was said, and no device told a zone. */
export const NOBODY_KNOWN: Person = { user: null, deviceZone: null };

/** The zone by which a person lives: the one they chose, else that of their newest device, else the server’s. */
export function zoneOf({ user, deviceZone }: Person, serverZone: string): string {
  return user?.timeZone ?? deviceZone ?? serverZone;
}
