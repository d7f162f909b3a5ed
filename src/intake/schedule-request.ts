import { latenessMs } from '../domain/schedule/due.ts';
import { type Moment, momentsOfZones, RECIPIENT } from '../domain/schedule/recurrence.ts';
import type { Schedule } from '../domain/schedule/schedule.ts';
import type { NotifyRequest } from './notify-request.ts';

/**
 * What is to be sent at a moment of a schedule: at once, or to each user at that local time. Users whose time has passed, because nobody
 * was there to make it in time, get it all the same where the catch-up allows it for all of them, and nothing of before was dropped.
 */
export function requestAt(
  request: NotifyRequest,
  schedule: Pick<Schedule, 'timeZone' | 'catchUpSeconds'>,
  { wallMs }: Moment,
  { nowMs, droppedBeforeMs }: { readonly nowMs: number; readonly droppedBeforeMs: number | null },
): NotifyRequest {
  if (schedule.timeZone !== RECIPIENT) return request;
  const { firstMs } = momentsOfZones(wallMs);
  const isInTime = nowMs - firstMs <= latenessMs(schedule) && firstMs >= (droppedBeforeMs ?? firstMs);
  return { ...request, sendAt: { kind: 'local', wallMs, ifPassed: isInTime ? 'send_now' : 'skip' } };
}
