/** What this browser's status means to a person, and whether a button can change it. */
export function explain(status, error = null) {
  if (error !== null) {
    const again = { ...explain(status), tone: 'bad', text: 'That did not work.', help: error.message };
    return again;
  }
  return EXPLANATIONS[status.state] ?? { tone: 'bad', text: 'Unknown.', help: '', canSubscribe: false };
}

const EXPLANATIONS = {
  subscribed: { tone: 'good', text: 'Subscribed', help: '', canSubscribe: false },
  unsubscribed: { tone: 'quiet', text: 'Not subscribed', help: '', canSubscribe: true },
  prompt: {
    tone: 'quiet',
    text: 'Not subscribed',
    help: 'Your browser will ask whether this page may show notifications.',
    canSubscribe: true,
  },
  denied: {
    tone: 'bad',
    text: 'Notifications are blocked for this page.',
    help: 'Allow them in your browser’s settings for this site (often the icon left of the address), then reload.',
    canSubscribe: false,
  },
};
