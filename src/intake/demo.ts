import type { ValueSigner } from '../access/signed-value.ts';
import type { SubscriberTokens } from '../access/subscriber-tokens.ts';
import { AppError } from '../domain/app-error.ts';
import { usersNamed } from '../domain/audience/audience.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../domain/delivery/delivery-filter.ts';
import type { Events } from '../domain/events.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Accepted } from './accepting.ts';
import { isVisitor, newVisitor } from './demo-visitors.ts';
import type { Explain, Explanation } from './explain.ts';
import type { Notifications } from './notifications.ts';

/** What visitors of the demo page send to themselves. */
export type DemoMessage = { readonly title: string; readonly body?: string; readonly url?: string };

/** A notification and what has become of it so far. */
export type DemoView = {
  readonly notification: Notification;
  readonly deliveries: readonly Delivery[];
  /** Why the visitor gets it later, or not at all; null where there is nothing to explain. */
  readonly explanation: Explanation | null;
};

/** What the demo page may do, for the user that its visitor is and for no other. */
export type Demo = {
  /** A user id for a new visitor. */
  newUser(): string;
  /** What the visitor's browser keeps. */
  cookieOf(userId: string): string;
  /** The user id in a cookie; null where it is none of ours. */
  userIn(cookie: string): string | null;
  /** A subscriber token, for the SDK in the page. */
  mintToken(userId: string): { readonly token: string; readonly expiresAtMs: number };
  /** Accepts a notification to this user. Throws what `Notifications.accept` throws. */
  send(userId: string, message: DemoMessage): Promise<Accepted>;
  /** Throws `notification_not_found` where the notification is none that this user sent here. */
  view(userId: string, notificationId: string): Promise<DemoView>;
  /** Calls back when this process changed a delivery of the notification. Returns the function that ends this. */
  onChange(notificationId: string, listener: () => void): () => void;
};

export type DemoOptions = {
  readonly notifications: Pick<Notifications, 'accept' | 'get' | 'deliveries'>;
  readonly explain: Explain;
  readonly subscriberTokens: SubscriberTokens;
  readonly events: Pick<Events, 'subscribe'>;
  /** Signs the page's cookies. */
  readonly signer: ValueSigner;
  /** The API key that signs the page's tokens. */
  readonly keyId: () => string;
};

const DEMO_TYPE = 'bellhop.demo';
const TOKEN_SECONDS = 3600;
/** As long as a visitor may still look at the page. */
const TTL_SECONDS = 600;
/** One visitor has a browser or two. */
const MAX_DELIVERIES_SHOWN = 10;

/** Lets people try the whole way with their own browser, without a back end. */
export function createDemo(options: DemoOptions): Demo {
  const { notifications, subscriberTokens, events, keyId } = options;
  return {
    newUser: newVisitor,
    cookieOf: (userId) => options.signer.sign(userId),
    userIn(cookie) {
      const userId = options.signer.verify(cookie);
      return userId !== null && isVisitor(userId) ? userId : null;
    },
    mintToken: (userId) => subscriberTokens.mint({ keyId: keyId(), userId, ttlSeconds: TOKEN_SECONDS }),
    send: (userId, message) =>
      notifications.accept(
        {
          // Tells any process whose notification this is, before a delivery exists.
          content: { type: DEMO_TYPE, ...message, data: { demo_user: userId } },
          audience: usersNamed([userId]),
          priority: 'high',
          urgency: null,
          ttlSeconds: TTL_SECONDS,
          topic: null,
          wording: null,
          recipientValues: null,
          sendAt: null,
        },
        null,
      ),
    async view(userId, notificationId) {
      const { notification } = await notifications.get(notificationId);
      const { type, data } = notification.content;
      if (type !== DEMO_TYPE || data?.demo_user !== userId) {
        throw new AppError('notification_not_found', 'There is no notification with this id.');
      }
      const page = { cursor: null, limit: MAX_DELIVERIES_SHOWN };
      const query = { ...page, notificationId, userId: null, filter: ANY_DELIVERY };
      const deliveries = (await notifications.deliveries(query)).items;
      const isStopped = notification.status === 'completed' && deliveries.length === 0;
      const needsWhy = isStopped || deliveries.some(({ state }) => state === 'held');
      const explanation = needsWhy ? await options.explain(userId, { kind: 'notification', notificationId }) : null;
      return { notification, deliveries, explanation };
    },
    onChange: (notificationId, listener) =>
      events.subscribe((event) => {
        if ('notificationId' in event && event.notificationId === notificationId) listener();
      }),
  };
}
