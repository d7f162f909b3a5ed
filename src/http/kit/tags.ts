/** What operations are grouped by in `/openapi.json`, in this order, and so the modules of many generated clients. */
export const TAGS = {
  Notifications: 'Send something to users, and read how far it has come.',
  Schedules: 'Notifications that are sent again and again, and what came of each time.',
  Experiments: 'Something said in several ways: who got which, and which does better.',
  Deliveries: 'What became of a notification, subscription by subscription and attempt by attempt.',
  Receipts: 'What devices tell: shown, clicked, closed.',
  Subscriptions: 'The browsers that can be sent to, the user of each, and the keys that they subscribe with.',
  Users: 'What is said of the people behind user ids: tags, time zone, wishes, quiet hours.',
  Privacy: 'Erasing people, proving it, and giving them what is known of them.',
  Types: 'What holds for kinds of notifications: who gets them, and when.',
  Templates: 'What notifications say, in each locale, with variables.',
  Audiences: 'Users by their tags, and expressions with a name.',
  Pruning: 'Unusually many subscriptions are called gone: a person decides whether they are.',
  Sending: 'Whether anything is sent at all: paused after a restore, or by a person.',
  Events: 'What happened, for programs: in one order, by number or as a stream.',
  Overview: 'How everything stands, and what needs a person.',
  Backups: 'Copies of the embedded store, made while everything goes on.',
  Audit: 'Who changed what, with a hash of each entry over the one before.',
  Console: 'The pages for people who run Bellhop, at `/console`: who may look at them.',
  'Browser SDK': 'What pages load.',
  Health: 'For load balancers and monitoring.',
  Documentation: 'The API itself.',
} as const;

export type Tag = keyof typeof TAGS;
