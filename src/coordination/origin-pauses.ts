import type { OriginPause } from '../domain/push-service/origin-pause.ts';

/** The pauses that this process knows of. */
export type OriginPauses = {
  /** Takes a pause up, unless a longer one is known. */
  add(pause: OriginPause): void;
  untilMs(origin: string, nowMs: number): number | null;
};

export function createOriginPauses(): OriginPauses {
  const known = new Map<string, number>();
  let seenAtMs = Number.NEGATIVE_INFINITY;
  /** A clock that is set back takes the pauses along: a push service asked for so long, and not for an hour more. */
  const heedClock = (nowMs: number): void => {
    const backMs = seenAtMs - nowMs;
    seenAtMs = nowMs;
    if (backMs > 0) for (const [origin, untilMs] of known) known.set(origin, untilMs - backMs);
  };
  return {
    add({ origin, untilMs }) {
      known.set(origin, Math.max(untilMs, known.get(origin) ?? 0));
    },
    untilMs(origin, nowMs) {
      heedClock(nowMs);
      const untilMs = known.get(origin);
      if (untilMs === undefined) return null;
      if (untilMs > nowMs) return untilMs;
      known.delete(origin);
      return null;
    },
  };
}
