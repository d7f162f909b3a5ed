import { pushTargetOf } from '../push-service/push-target.ts';
import { zoneOf } from '../user/person.ts';
import type { Member, ResolvedAudience } from './audience.ts';
import type { Expression } from './expression.ts';
import { hasUser, type Segments, termsIn, type UserFacts } from './matching.ts';

/** What an expression can ask about a member of an audience. */
function factsOf({ devices, person }: Member, serverZone: string): UserFacts {
  const { user } = person;
  const locales = devices.flatMap(({ locale }) => locale ?? []);
  return {
    tags: new Set(user?.tags ?? []),
    services: new Set(devices.map(({ endpoint }) => pushTargetOf(endpoint).service)),
    locales: user?.locale == null ? locales : [user.locale, ...locales],
    zone: zoneOf(person, serverZone),
    registeredAtMs: devices.length === 0 ? null : Math.max(...devices.map(({ updatedAtMs }) => updatedAtMs)),
  };
}

/** Whether a user belongs to an audience of everyone, or of an expression. */
export function belongsTo(
  audience: Exclude<ResolvedAudience, { kind: 'user_ids' }>,
  member: Member,
  { nowMs, serverZone }: { readonly nowMs: number; readonly serverZone: string },
): boolean {
  if (audience.kind === 'everyone') return true;
  return hasUser(audience.expression, factsOf(member, serverZone), audience.segments, nowMs);
}

/** Whether the tags of a user say it all: then devices need not be read to know who is had. */
export function asksOnlyForTags(expression: Expression, segments: Segments): boolean {
  return termsIn(expression, segments).every(({ kind }) => kind === 'tag' || kind === 'segment');
}
