import { WAITING_STATES } from '../../../domain/delivery/delivery.ts';
import type { NamedQuery, StoreIndex } from './named-query.ts';

const TOPIC: StoreIndex = {
  name: 'topic',
  key: { subscriptionId: 1, topic: 1, notificationId: 1 },
  only: { topic: { $type: 'string' } },
};
/** Only of notifications that were sent later than they were accepted. */
const SENT_ORDER: StoreIndex = {
  name: 'sent_order',
  key: { subscriptionId: 1, topic: 1, sentOrder: 1 },
  only: { sentOrder: { $type: 'string' } },
};
const WAITING_TOPIC: StoreIndex = {
  name: 'waiting_topic',
  key: { subscriptionId: 1, topic: 1 },
  only: { topic: { $type: 'string' }, dueAtMs: { $gte: 0 } },
};

export const TOPIC_INDEXES = [TOPIC, SENT_ORDER, WAITING_TOPIC];

type OfTopic = {
  readonly subscriptionIds: readonly string[];
  readonly topics: readonly string[];
  readonly order: string;
};

export const NEWER_OF_TOPIC: NamedQuery<OfTopic> = {
  name: 'newer of a topic',
  collection: 'deliveries',
  purpose: 'whether what is claimed was superseded',
  index: TOPIC,
  filter: ({ subscriptionIds, topics, order }) => ({
    subscriptionId: { $in: subscriptionIds },
    topic: { $in: topics, $type: 'string' },
    notificationId: { $gt: order },
  }),
  projection: { subscriptionId: 1, topic: 1, notificationId: 1, sentOrder: 1 },
};

export const SENT_LATER_OF_TOPIC: NamedQuery<OfTopic> = {
  name: 'sent later of a topic',
  collection: 'deliveries',
  purpose: 'whether what is claimed was superseded by a notification that was scheduled',
  index: SENT_ORDER,
  filter: ({ subscriptionIds, topics, order }) => ({
    subscriptionId: { $in: subscriptionIds },
    topic: { $in: topics },
    sentOrder: { $gt: order, $type: 'string' },
  }),
  projection: { subscriptionId: 1, topic: 1, notificationId: 1, sentOrder: 1 },
};

export const OUTDATED_OF_TOPIC: NamedQuery<OfTopic> = {
  name: 'outdated of a topic',
  collection: 'deliveries',
  purpose: 'what a newer notification supersedes',
  index: WAITING_TOPIC,
  filter: ({ subscriptionIds, topics, order }) => ({
    subscriptionId: { $in: subscriptionIds },
    topic: { $in: topics, $type: 'string' },
    dueAtMs: { $gte: 0 },
    state: { $in: WAITING_STATES },
    $or: [{ sentOrder: null, notificationId: { $lt: order } }, { sentOrder: { $lt: order } }],
  }),
};

export const TOPIC_QUERIES = [NEWER_OF_TOPIC, SENT_LATER_OF_TOPIC, OUTDATED_OF_TOPIC] as const;
