import type { TypeRule, TypeRules } from '../domain/notification-type/type-policy.ts';

/** What operators have said of types, by pattern. There are few. */
export interface TypeRuleStore {
  all(): Promise<TypeRules>;
  /** In place of the rule that the pattern had. */
  put(pattern: string, rule: TypeRule): Promise<void>;
  /** False where there was none. */
  delete(pattern: string): Promise<boolean>;
}
