import { notificationId, notificationIdAfter, type Random } from '../domain/ids.ts';

/** Makes ids that sort in the order in which they are asked for, within one process and while its clock is not set back. */
export function createNotificationIds(random: Random): (nowMs: number) => string {
  let latest = '';
  let latestMs = Number.NaN;
  return (nowMs) => {
    latest = nowMs === latestMs ? notificationIdAfter(latest) : notificationId(nowMs, random);
    latestMs = nowMs;
    return latest;
  };
}
