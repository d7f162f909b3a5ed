import type { ReleaseTerms } from '../domain/audience/fan-out.ts';
import type { Compose } from '../domain/content/compose.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Tracking } from '../domain/receipt/receipt.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import { wordedPlan } from '../store/worded-plan.ts';
import type { Audiences } from './audiences.ts';
import { type Measured, measure } from './measure.ts';
import { type NotifyRequest, notificationOf, recipientsOf } from './notify-request.ts';
import type { WordingOptions } from './wording-request.ts';
import { wordContent } from './wording-request.ts';

export type CheckOptions = WordingOptions & {
  readonly rules: Pick<StandingRules, 'policyOf'>;
  readonly audiences: Pick<Audiences, 'check'>;
  readonly compose: Compose;
  readonly random: Random;
  readonly defaultTtlSeconds: number;
  /** What devices may be asked to tell, of any type (TRACKING). Absent: nothing. */
  readonly tracking?: Tracking;
};

/** What a request becomes, checked in all that a caller can get wrong. */
export type CheckedRequest = {
  readonly notification: Notification;
  readonly terms: ReleaseTerms;
  readonly measured: Measured;
};

/** What a send and a dry run have in common. Throws what both refuse. */
export async function checkRequest(
  options: CheckOptions,
  request: NotifyRequest,
  nowMs: number,
): Promise<CheckedRequest> {
  const { rules, audiences, serverZone } = options;
  await audiences.check(request.audience);
  const policy = await rules.policyOf(request.content.type);
  const recipients = recipientsOf(request);
  const { content, renderer } = await wordContent(options, request.content, request.wording, recipients);
  const notification = notificationOf(options, { ...request, content }, { policy, serverZone }, nowMs);
  const measured = await measure(options, notification, renderer, recipients);
  if (renderer === null) return { notification, terms: { policy, serverZone }, measured };
  const own = new Map(recipients?.userIds.map((userId, index) => [userId, recipients.values[index] ?? null]));
  const worded = await wordedPlan(options, notification, (userId) => own.get(userId) ?? null);
  return { notification, terms: { policy, serverZone, worded }, measured };
}
