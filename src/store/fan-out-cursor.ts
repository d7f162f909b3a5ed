import type { FanOutCursor } from '../domain/audience/audience.ts';

/** A cursor as a store keeps it; equal cursors give equal texts. */
export function cursorText({ userIndex, after }: FanOutCursor): string {
  return JSON.stringify([userIndex, after?.userId ?? null, after?.subscriptionId ?? null]);
}

/** The cursor that `cursorText` was given. */
export function parseCursor(text: string): FanOutCursor {
  const [userIndex, userId, subscriptionId] = JSON.parse(text) as [number, string | null, string | null];
  return { userIndex, after: userId === null || subscriptionId === null ? null : { userId, subscriptionId } };
}
