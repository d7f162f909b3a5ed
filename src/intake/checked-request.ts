import type { ReleaseTerms } from '../domain/audience/fan-out.ts';
import type { Compose } from '../domain/content/compose.ts';
import { isWorded, saidBy } from '../domain/experiment/variant-content.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Tracking } from '../domain/receipt/receipt.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import { wordedPlan } from '../store/worded-plan.ts';
import type { Audiences } from './audiences.ts';
import { checkExperiment, type ExperimentCheckOptions } from './experiment-check.ts';
import { type Measured, measureAll } from './measure.ts';
import { type NotifyRequest, notificationOf, recipientsOf } from './notify-request.ts';
import { wordRequest } from './variant-request.ts';
import type { WordingOptions } from './wording-request.ts';

export type CheckOptions = WordingOptions &
  ExperimentCheckOptions & {
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
  const { content, renderers } = await wordRequest(options, request, recipients);
  const notification = notificationOf(options, { ...request, content }, { policy, serverZone }, nowMs);
  await checkExperiment(options, notification);
  const said = saidBy(notification).map((one, index) => ({ notification: one, renderer: renderers[index] ?? null }));
  const measured = await measureAll(options, said, recipients);
  if (!isWorded(notification.content)) return { notification, terms: { policy, serverZone }, measured };
  const own = new Map(recipients?.userIds.map((userId, index) => [userId, recipients.values[index] ?? null]));
  const worded = await wordedPlan(options, notification, (userId) => own.get(userId) ?? null);
  return { notification, terms: { policy, serverZone, worded }, measured };
}
