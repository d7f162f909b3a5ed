import type { Notification, NotificationContent, PayloadSource } from '../notification/notification.ts';

/** The content of one variant; what there is where there are none, and where the notification was emptied. */
function contentOf(content: NotificationContent, key: string): NotificationContent {
  const { type, experiment, tracking, trace } = content;
  const variant = experiment?.variants.find((one) => one.key === key);
  if (variant === undefined) return content;
  return {
    ...variant.content,
    type,
    variant: key,
    ...(tracking !== undefined && { tracking }),
    ...(trace !== undefined && { trace }),
  };
}

/** The notification as those get it who get this variant. Null: it has none. */
export function asVariant<Source extends PayloadSource>(notification: Source, key: string | null): Source {
  return key === null ? notification : { ...notification, content: contentOf(notification.content, key) };
}

/** Each thing that a notification can say to somebody: itself, or else each of its variants. */
export function saidBy<Source extends PayloadSource>(notification: Source): readonly Source[] {
  const { experiment } = notification.content;
  return experiment === undefined ? [notification] : experiment.variants.map(({ key }) => asVariant(notification, key));
}

/** Whether the text is made for each recipient, in some variant at least. */
export function isWorded({ worded, experiment }: NotificationContent): boolean {
  return experiment === undefined
    ? worded !== undefined
    : experiment.variants.some(({ content }) => content.worded !== undefined);
}

/** Whether recipients have values of their own. */
export function isPersonal({ worded, experiment }: NotificationContent): boolean {
  return experiment === undefined
    ? worded?.isPersonal === true
    : experiment.variants.some(({ content }) => content.worded?.isPersonal);
}

/** The keys of the templates that it was accepted with. */
export function templateKeysOf(content: NotificationContent): readonly string[] {
  const said = content.experiment === undefined ? [content] : content.experiment.variants.map((one) => one.content);
  return said.flatMap(({ worded }) => (worded?.source.kind === 'template' ? [worded.source.template.key] : []));
}

/** What comes in waves has decided of some users before: all but what is sent once, to everybody. */
export function hasSeveralWaves({ sendAt, content }: Pick<Notification, 'sendAt' | 'content'>): boolean {
  return sendAt?.kind === 'local' || (content.experiment?.testPercent ?? null) !== null;
}
