import type { TypeRule } from '../../../domain/notification-type/type-policy.ts';

/** What operators said of a pattern of types. The rule is JSON, as it was said. */
export type TypeRuleDocument = { readonly _id: string; readonly rule: string };

export function toRule({ rule }: TypeRuleDocument): TypeRule {
  return JSON.parse(rule) as TypeRule;
}

/** An expression with a name. */
export type SegmentDocument = { readonly _id: string; readonly tags: string };
