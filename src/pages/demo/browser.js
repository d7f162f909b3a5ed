/**
 * What the SDK's status means to a person: `tone` and `text` in a few words, `help` about what to do, and whether
 * subscribing can be tried.
 */
export function explain(status, error = null) {
  const plain = UNSUPPORTED[status.reason] ?? EXPLANATIONS[status.state];
  if (error === null) return plain;
  return { ...plain, tone: 'bad', text: 'That did not work', help: error.message };
}

/** What to say while the browser is asked, and what to say when its answer is late. */
export const BUSY = {
  subscribe: {
    text: 'Subscribing …',
    late: 'Still waiting for this browser’s push service. Without a connection to it there is no subscription: is the browser online, or does something on the way block it?',
  },
  unsubscribe: { text: 'Unsubscribing …', late: 'Still waiting for this browser’s push service.' },
};

const NOT_SUBSCRIBED = { tone: 'quiet', text: 'Not subscribed', help: '', canSubscribe: true };

const EXPLANATIONS = {
  subscribed: { tone: 'good', text: 'Subscribed', help: '', canSubscribe: false },
  unsubscribed: NOT_SUBSCRIBED,
  prompt: { ...NOT_SUBSCRIBED, help: 'Your browser will ask whether this page may show notifications.' },
  denied: {
    tone: 'bad',
    text: 'Notifications are blocked',
    help: 'Allow them for this site in your browser’s settings, often behind the icon left of the address, then reload this page.',
    canSubscribe: false,
  },
  unsupported: {
    tone: 'bad',
    text: 'This browser has no push',
    help: 'Private windows have none, and neither have the browsers inside of other apps. Open this page in an ordinary window of Firefox, Chrome, Edge or Safari.',
    canSubscribe: false,
  },
};

const UNSUPPORTED = {
  insecure_context: {
    tone: 'bad',
    text: 'No push at this address',
    help: 'Browsers allow push on https, or on the very machine that the service runs on: open this page there as http://localhost, or put https in front of the service.',
    canSubscribe: false,
  },
  ios_home_screen: {
    tone: 'wait',
    text: 'One step is missing',
    help: 'iPhone and iPad allow push from the Home Screen only: tap Share, then “Add to Home Screen”, and open Bellhop from there.',
    canSubscribe: false,
  },
  not_registered: {
    tone: 'wait',
    text: 'Not subscribed',
    help: 'The service did not hear of this browser yet. Subscribe again.',
    canSubscribe: true,
  },
};
