import type { PushQuery } from './control-schema.ts';
import type { Emulator } from './emulator.ts';
import type { ReceivedPush } from './push-log.ts';

const DEFAULT_LIMIT = 100;

type Hidden = 'closed' | 'othersUnderWay' | 'receivedAtMs' | 'authorization' | 'contentEncoding' | 'contentType';

/** A push as JSON. */
export type PushView = Omit<ReceivedPush, Hidden> & { readonly receivedAt: string };

/** What the control API shows of a push: nothing twice that is in its headers as well, and `vapid` has in plain. */
export function pushView(push: ReceivedPush): PushView {
  const { closed, othersUnderWay, receivedAtMs, authorization, contentEncoding, contentType, ...rest } = push;
  return { receivedAt: new Date(receivedAtMs).toISOString(), ...rest };
}

/** The latest that fit, oldest first. */
export function findPushes(emulators: readonly Emulator[], query: PushQuery): ReceivedPush[] {
  const { profile, device, status, limit = String(DEFAULT_LIMIT) } = query;
  return emulators
    .filter((emulator) => profile === undefined || emulator.profile === profile)
    .flatMap((emulator) => [...emulator.pushes])
    .filter((push) => device === undefined || push.device === device)
    .filter((push) => status === undefined || String(push.status ?? 'none') === status)
    .sort((one, other) => one.receivedAtMs - other.receivedAtMs)
    .slice(-Number(limit));
}
