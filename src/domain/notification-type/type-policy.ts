import type { Urgency } from '../notification/notification.ts';
import type { Priority } from '../notification/priority.ts';
import type { Tracking } from '../receipt/receipt.ts';
import { patternsOf } from './type-pattern.ts';

/**
 * Who gets a type of which a person says nothing: everybody (`opted_in`), or nobody (`opted_out`). `required`: everybody, whatever
 * they say.
 */
export const TYPE_PREFERENCES = ['opted_in', 'opted_out', 'required'] as const;
type TypePreference = (typeof TYPE_PREFERENCES)[number];

/** What a type may pass over. Neither implies the other. `quiet_hours` are pauses, too. */
export const OVERRIDES = ['quiet_hours', 'cap'] as const;
type Override = (typeof OVERRIDES)[number];

/** What becomes of a notification that comes into a person's quiet hours, or a pause. */
export const ON_QUIET = ['hold', 'drop'] as const;
type OnQuiet = (typeof ON_QUIET)[number];

/** At most `limit` notifications to one user within any stretch of `perSeconds`. */
type Cap = { readonly limit: number; readonly perSeconds: number };

/** What an operator has said of the types that a pattern matches. What is absent is left to shorter patterns. */
export type TypeRule = {
  readonly ttlSeconds?: number;
  readonly urgency?: Urgency;
  readonly priority?: Priority;
  readonly preference?: TypePreference;
  readonly overrides?: readonly Override[];
  readonly cap?: Cap;
  readonly onQuiet?: OnQuiet;
  readonly tracking?: Tracking;
};

/** By pattern. */
export type TypeRules = ReadonlyMap<string, TypeRule>;

/** A cap, and the pattern that has it: all types that share the pattern's cap count together. */
export type CapOfPattern = Cap & { readonly pattern: string };

/** What holds for one type. Null: nothing was said, so a call or a default says it. */
export type TypePolicy = {
  readonly ttlSeconds: number | null;
  readonly urgency: Urgency | null;
  readonly priority: Priority | null;
  readonly preference: TypePreference;
  readonly overrides: readonly Override[];
  readonly cap: CapOfPattern | null;
  readonly onQuiet: OnQuiet;
  /** What devices may be asked to tell. */
  readonly tracking: Tracking | null;
};

/** What holds for a type: field by field, the longest pattern that says something decides. */
export function policyOf(rules: TypeRules, type: string): TypePolicy {
  if (rules.size === 0) return NOTHING_SAID;
  const matching = patternsOf(type).flatMap((pattern) => {
    const rule = rules.get(pattern);
    return rule === undefined ? [] : [{ pattern, rule }];
  });
  const first = <Field extends keyof TypeRule>(field: Field): TypeRule[Field] | undefined =>
    matching.find(({ rule }) => rule[field] !== undefined)?.rule[field];
  const capped = matching.find(({ rule }) => rule.cap !== undefined);
  return {
    ttlSeconds: first('ttlSeconds') ?? null,
    urgency: first('urgency') ?? null,
    priority: first('priority') ?? null,
    preference: first('preference') ?? NOTHING_SAID.preference,
    overrides: first('overrides') ?? NOTHING_SAID.overrides,
    cap: capped?.rule.cap === undefined ? null : { ...capped.rule.cap, pattern: capped.pattern },
    onQuiet: first('onQuiet') ?? NOTHING_SAID.onQuiet,
    tracking: first('tracking') ?? null,
  };
}

const NOTHING_SAID: TypePolicy = {
  ttlSeconds: null,
  urgency: null,
  priority: null,
  preference: 'opted_in',
  overrides: [],
  cap: null,
  onQuiet: 'hold',
  tracking: null,
};
