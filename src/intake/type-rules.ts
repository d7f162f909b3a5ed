import { AppError } from '../domain/app-error.ts';
import type { TypeRule, TypeRules } from '../domain/notification-type/type-policy.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { TypeRuleStore } from '../store/type-rule-store.ts';

/** What operators say of types. */
export type TypeRulesIntake = {
  all(): Promise<TypeRules>;
  /** Throws `type_rule_not_found`. */
  get(pattern: string): Promise<TypeRule>;
  /** In place of the rule that the pattern had. */
  put(pattern: string, rule: TypeRule): Promise<TypeRule>;
  /** Throws `type_rule_not_found`. */
  delete(pattern: string): Promise<void>;
};

/** All rules are in the memory of every process. */
const MOST_RULES = 1000;

export function createTypeRules({
  store,
  rules,
}: {
  readonly store: TypeRuleStore;
  readonly rules: Pick<StandingRules, 'forget'>;
}): TypeRulesIntake {
  return {
    all: () => store.all(),
    async get(pattern) {
      return (await store.all()).get(pattern) ?? notFound();
    },
    async put(pattern, rule) {
      const all = await store.all();
      if (!all.has(pattern) && all.size >= MOST_RULES) {
        throw new AppError(
          'invalid_request',
          `There are ${MOST_RULES} patterns already: delete some, or use shorter ones.`,
        );
      }
      await store.put(pattern, rule);
      rules.forget();
      return rule;
    },
    async delete(pattern) {
      if (!(await store.delete(pattern))) notFound();
      rules.forget();
    },
  };
}

function notFound(): never {
  throw new AppError('type_rule_not_found', 'Nothing was said of this pattern. GET /v1/types lists those there are.');
}
