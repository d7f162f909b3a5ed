import type { Payload } from './notice.ts';

/** What the service is told, as `POST /v1/receipts` takes it. */
export type Receipt = {
  readonly token: string;
  readonly event: 'shown' | 'clicked' | 'closed';
  readonly action?: string;
  readonly at: string;
};

/** Null where this payload does not ask for the event. Total: whatever a payload holds. */
export function receiptOf(payload: Payload, event: Receipt['event'], action: string, nowMs: number): Receipt | null {
  const asked = payload.receipt as { readonly token?: unknown; readonly events?: unknown } | null | undefined;
  const token = asked?.token;
  if (typeof token !== 'string' || token === '') return null;
  if (!Array.isArray(asked?.events) || !asked.events.includes(event)) return null;
  return { token, event, ...(action !== '' && { action }), at: new Date(nowMs).toISOString() };
}

/** Whether an answer settles what was told: taken, or refused for good. */
export function isSettled(status: number): boolean {
  return status < 500 && status !== 408 && status !== 429;
}
