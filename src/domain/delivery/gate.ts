import type { EndReason } from './delivery.ts';

/**
 * What a gate says of one send. `go`: nothing stands in the way. `wait`: not before `untilMs`, and then the gates are
 * asked again. `hold`: the same, for the sake of the person. `drop`: never, and why.
 */
export type GateAnswer =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait' | 'hold'; readonly untilMs: number }
  | { readonly kind: 'drop'; readonly reason: EndReason };

/** Pure: it knows what it is given, and the time. */
export type Gate<Facts> = (facts: Facts, nowMs: number) => GateAnswer;

export const GO: GateAnswer = { kind: 'go' };

/** Asks one gate after another: the first that does not say `go` decides. */
export function askGates<Facts>(gates: readonly Gate<Facts>[], facts: Facts, nowMs: number): GateAnswer {
  for (const gate of gates) {
    const answer = gate(facts, nowMs);
    if (answer.kind !== 'go') return answer;
  }
  return GO;
}
