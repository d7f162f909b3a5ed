import { type GateAnswer, GO } from '../delivery/gate.ts';

/** A subscription that its push service refuses in a way that sometimes heals: it waits, still active. */
export type Quarantine = {
  /** The first refusal of this row of refusals. */
  readonly sinceMs: number;
  /** Nothing is sent to it before this instant. */
  readonly untilMs: number;
};

export type QuarantinePolicy = {
  /** The wait between two tries. */
  readonly retryMs: number;
  /** A subscription refused for this long is retired. */
  readonly retireAfterMs: number;
};

/** Whether the refusals have lasted so long that the subscription is to be retired. */
export function hasLastedTooLong(policy: QuarantinePolicy, sinceMs: number | null, nowMs: number): boolean {
  return sinceMs !== null && nowMs - sinceMs >= policy.retireAfterMs;
}

/** Nothing is sent to a subscription before its quarantine ends. */
export function quarantineGate(
  { subscription }: { readonly subscription: { readonly quarantine: Quarantine | null } | null },
  nowMs: number,
): GateAnswer {
  const untilMs = subscription?.quarantine?.untilMs ?? 0;
  return untilMs > nowMs ? { kind: 'wait', untilMs } : GO;
}
