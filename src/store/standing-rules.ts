import { AppError } from '../domain/app-error.ts';
import type { Audience, ResolvedAudience } from '../domain/audience/audience.ts';
import { type Expression, parseExpression } from '../domain/audience/expression.ts';
import { type Segments, segmentsOf } from '../domain/audience/matching.ts';
import { policyOf, type TypePolicy, type TypeRules } from '../domain/notification-type/type-policy.ts';
import type { SegmentStore } from './segment-store.ts';
import type { TypeRuleStore } from './type-rule-store.ts';

/** What operators have said of types and segments, read at most once a second. */
export type StandingRules = {
  policyOf(type: string): Promise<TypePolicy>;
  /** The audience with what its expression and its segments say now. */
  resolve(audience: Audience): Promise<ResolvedAudience>;
  /** Something was said just now: it counts at once in this process, and within a second in the others. */
  forget(): void;
};

const KEPT_MS = 1000;

export function createStandingRules({
  store,
  clock,
}: {
  readonly store: { readonly typeRules: Pick<TypeRuleStore, 'all'>; readonly segments: Pick<SegmentStore, 'all'> };
  readonly clock: { now(): number };
}): StandingRules {
  const types = keptFor<TypeRules>(clock, () => store.typeRules.all());
  const segments = keptFor<Segments>(clock, async () => segmentsOf(await store.segments.all()));
  return {
    policyOf: async (type) => policyOf(await types.read(), type),
    async resolve(audience) {
      if (audience.kind !== 'tags') return audience;
      const { text, excludedIds } = audience;
      return { kind: 'tags', expression: expressionOf(text), segments: await segments.read(), excludedIds };
    },
    forget() {
      types.forget();
      segments.forget();
    },
  };
}

/** Of a text that was read once before it was kept. */
function expressionOf(text: string): Expression {
  const parsed = parseExpression(text);
  if (parsed.kind === 'error')
    throw new AppError('internal_error', `An expression that was kept ${parsed.error.message}.`);
  return parsed.expression;
}

/** What was read within the last second. Those who ask while it is being read share the answer. */
function keptFor<Value>(clock: { now(): number }, read: () => Promise<Value>) {
  let kept: { readonly value: Promise<Value>; readonly atMs: number } | null = null;
  return {
    read(): Promise<Value> {
      const nowMs = clock.now();
      if (kept !== null && nowMs >= kept.atMs && nowMs < kept.atMs + KEPT_MS) return kept.value;
      const value = read();
      const mine = { value, atMs: nowMs };
      kept = mine;
      value.catch(() => {
        if (kept === mine) kept = null;
      });
      return value;
    },
    forget: () => {
      kept = null;
    },
  };
}
