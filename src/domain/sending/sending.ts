import { type GateAnswer, GO } from '../delivery/gate.ts';

/** Why nothing is sent: the store is a backup that was started, or a person asked for it. */
export const PAUSE_CAUSES = ['restored', 'asked'] as const;
export type PauseCause = (typeof PAUSE_CAUSES)[number];

/** What becomes of what was accepted before a pause: it is sent, or it ends unsent. */
export const WAITING_CHOICES = ['send', 'drop'] as const;
export type WaitingChoice = (typeof WAITING_CHOICES)[number];

/** A decision that holds for good: what was accepted before `acceptedBeforeMs` is not sent. */
export type Drop = { readonly acceptedBeforeMs: number; readonly decidedAtMs: number };

/** Whether anything is sent at all. It is kept in the store, so that it outlives every process. */
export type Sending =
  | { readonly state: 'on'; readonly drop: Drop | null }
  | { readonly state: 'paused'; readonly cause: PauseCause; readonly sinceMs: number; readonly drop: Drop | null };

/** The fact (`store/fact-store.ts`) under which it is kept. */
export const SENDING_FACT = 'sending';

export const SENDING_ON: Sending = { state: 'on', drop: null };

/** As the fact has it. What cannot be read counts as paused: to wait for a person does less harm. */
export function readSending(fact: string | null): Sending {
  if (fact === null) return SENDING_ON;
  try {
    const { state, cause, sinceMs, drop = null } = JSON.parse(fact) as Partial<Record<string, unknown>>;
    if (state === 'on') return { state, drop: readDrop(drop) };
    return {
      state: 'paused',
      cause: cause === 'asked' ? cause : 'restored',
      sinceMs: typeof sinceMs === 'number' ? sinceMs : 0,
      drop: readDrop(drop),
    };
  } catch {
    return { state: 'paused', cause: 'restored', sinceMs: 0, drop: null };
  }
}

function readDrop(drop: unknown): Drop | null {
  const { acceptedBeforeMs, decidedAtMs } = Object(drop) as Partial<Record<string, unknown>>;
  return typeof acceptedBeforeMs === 'number' && typeof decidedAtMs === 'number'
    ? { acceptedBeforeMs, decidedAtMs }
    : null;
}

export function sendingFact(sending: Sending): string {
  return JSON.stringify(sending);
}

/** A pause that is on already stays as it is: it began when it began. */
export function paused(sending: Sending, cause: PauseCause, nowMs: number): Sending {
  return sending.state === 'paused' ? sending : { state: 'paused', cause, sinceMs: nowMs, drop: sending.drop };
}

/** What is on already stays as it is. */
export function resumed(sending: Sending, waiting: WaitingChoice, nowMs: number): Sending {
  if (sending.state === 'on') return sending;
  const drop = waiting === 'drop' ? { acceptedBeforeMs: sending.sinceMs, decidedAtMs: nowMs } : sending.drop;
  return { state: 'on', drop };
}

type DroppedFacts = {
  readonly notification: { readonly acceptedAtMs: number; readonly lastWaveAtMs: number | null };
  readonly before: { readonly replays: readonly { readonly atMs: number }[] };
};

/** What a person decided to drop ends unsent, unless a person has replayed it since. */
export function dropGate(drop: Drop | null, { notification, before }: DroppedFacts): GateAnswer {
  if (drop === null) return GO;
  // What was to be sent only later did not wait then.
  if ((notification.lastWaveAtMs ?? notification.acceptedAtMs) >= drop.acceptedBeforeMs) return GO;
  const replayedAtMs = before.replays.at(-1)?.atMs ?? 0;
  return replayedAtMs >= drop.decidedAtMs ? GO : { kind: 'drop', reason: 'dropped' };
}
