/**
 * One step on a notification's way, as it is shown.
 * @typedef {{ key: string, tone: string, isOpen?: boolean, name: string, text: string, remedy?: string,
 *   facts?: string[], atMs?: number }} Step
 */

const TONES = {
  pending: 'quiet',
  held: 'wait',
  sending: 'quiet',
  retrying: 'wait',
  delivered: 'good',
  pruned: 'bad',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'quiet',
};

/** What to say of an end where no attempt says more. */
const ENDINGS = {
  pruned: 'The push service says that this subscription is gone. It was retired.',
  failed: 'Given up.',
  expired: 'Its time was up before it could be sent.',
  cancelled: 'Not sent: the subscription was deleted, or something newer took its place.',
};

/** What to say where it is the visitor's own wish that nothing comes, by reason. */
const WISHES = {
  opted_out: 'You switched this off, so it goes nowhere.',
  paused: 'You paused everything for longer than this is worth sending.',
  quiet_hours: 'It came into your quiet hours, which it may not wait for.',
  quiet_hours_past_deadline: 'Your quiet hours go on for longer than this is worth sending.',
  capped: 'You had as many of these as you may have.',
};

/** Everything to show of a notification, in order. With more than one delivery each has its `device` above it. */
export function allSteps(sent, view, { own, shownAtMs, isLate }) {
  const deliveries = view?.deliveries ?? [];
  const nobody = view === null ? null : (stoppedStep(view) ?? nobodyStep(view));
  const ways = deliveries.map((delivery) => {
    const isOwn = delivery.subscription_id === own;
    const device = { key: `${delivery.id} device`, device: isOwn ? 'This browser' : 'Another browser of yours' };
    const ended = isOwn && delivery.state === 'delivered' ? [shownStep(delivery.id, shownAtMs, isLate)] : [];
    return [...(deliveries.length > 1 ? [device] : []), ...deliverySteps(delivery, view.explanation), ...ended];
  });
  return [acceptedStep(sent), ...(nobody === null ? [] : [nobody]), ...ways.flat()];
}

/** The first step: what the service answered when the notification was sent. */
function acceptedStep({ accepted, tookMs }) {
  return {
    key: 'accepted',
    tone: 'good',
    name: 'Accepted',
    text: 'On disk before the answer was given: nothing can lose it now.',
    facts: ['HTTP 202', `${Math.round(tookMs)} ms`, `${accepted.payload_octets} octets`],
    atMs: Date.parse(accepted.accepted_at),
  };
}

/** What to show where the visitor does not wish to get it, or null. */
function stoppedStep({ notification, deliveries, explanation }) {
  const text = WISHES[explanation?.reason];
  if (notification.status !== 'completed' || deliveries.length > 0 || text === undefined) return null;
  const { reason, sentence, at } = explanation;
  return {
    key: 'stopped',
    tone: 'wait',
    name: 'Stopped',
    text,
    remedy: `Why, as the service explains it: “${sentence}”`,
    facts: [reason],
    atMs: Date.parse(at),
  };
}

/** What to show where the notification reached no subscription, or null. */
function nobodyStep(view) {
  if (view.notification.status !== 'completed' || view.deliveries.length > 0) return null;
  return {
    key: 'nobody',
    tone: 'wait',
    name: 'Nobody to send to',
    text: 'You have no subscribed browser, so this one is done already.',
    remedy: 'Subscribe this browser, then send another.',
  };
}

/** The way of one delivery, oldest step first. */
function deliverySteps(delivery, explanation) {
  const { id, states, attempts } = delivery;
  const firstKept = attempts[0]?.number ?? 1;
  let sendings = 0;
  return states.map(({ state, at }, index) => {
    if (state === 'sending') sendings += 1;
    const attempt = attempts[firstKept + sendings - 2];
    const isLast = index === states.length - 1;
    return {
      key: `${id} ${index} ${state}`,
      tone: TONES[state] ?? 'quiet',
      isOpen: isLast && ['pending', 'held', 'sending', 'retrying'].includes(state),
      name: state[0].toUpperCase() + state.slice(1),
      atMs: Date.parse(at),
      ...wordsFor(state, delivery, attempt, explanation),
    };
  });
}

function wordsFor(state, delivery, attempt, explanation) {
  if (state === 'pending') return { text: 'One delivery for this browser, waiting for its turn.' };
  if (state === 'held') {
    const text = 'It waits until your quiet hours or your pause are over.';
    return explanation === null ? { text } : { text, remedy: `As the service explains it: “${explanation.sentence}”` };
  }
  if (state === 'sending') return { text: `Encrypted, signed, posted to ${hostOf(delivery.push_service)}.` };
  const facts = attempt === undefined ? [] : factsOf(attempt);
  if (state === 'delivered') return { text: 'The push service took it and passes it on to your browser.', facts };
  const trouble = { facts, ...(attempt?.remedy ? { remedy: attempt.remedy } : {}) };
  const reason = attempt?.error ?? '';
  if (state === 'retrying') return { text: `${sentence(reason)} ${nextTry(attempt)}`.trim(), ...trouble };
  return { text: sentence(reason) || WISHES[delivery.reason] || (ENDINGS[state] ?? ''), ...trouble };
}

function factsOf({ http_status, latency_ms }) {
  return [
    ...(http_status === null ? [] : [`HTTP ${http_status}`]),
    ...(latency_ms === null ? [] : [`${Math.round(latency_ms)} ms`]),
  ];
}

function nextTry(attempt) {
  return attempt?.retry_at ? `Next try at ${clockTime(Date.parse(attempt.retry_at))}.` : '';
}

function sentence(text) {
  if (text === '') return '';
  return text[0].toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');
}

function hostOf(origin) {
  return origin === null ? 'the push service' : new URL(origin).host;
}

/** What comes after `delivered`, which only the browser itself can tell. */
function shownStep(deliveryId, shownAtMs, isLate) {
  if (shownAtMs !== null) {
    return {
      key: `${deliveryId} shown`,
      tone: 'good',
      name: 'Shown',
      text: 'Your browser decrypted it, and its service worker showed it.',
      atMs: shownAtMs,
    };
  }
  return {
    key: `${deliveryId} waiting`,
    tone: 'quiet',
    isOpen: true,
    name: 'On its way to the screen',
    text: isLate
      ? 'Your browser has not reported it. It may be asleep or offline, or “do not disturb” is on. Safari shows it by itself, without telling this page.'
      : 'Waiting for your browser …',
  };
}

/** One word for the whole notification. */
export function outcomeOf(view, isShown) {
  if (view === null) return { word: 'Accepted', tone: 'quiet' };
  const states = view.deliveries.map(({ state }) => state);
  if (isShown) return { word: 'Shown', tone: 'good' };
  const nobody = stoppedStep(view) ?? nobodyStep(view);
  if (nobody !== null) return { word: nobody.name, tone: nobody.tone };
  for (const state of [
    'retrying',
    'sending',
    'pending',
    'held',
    'failed',
    'pruned',
    'expired',
    'cancelled',
    'delivered',
  ]) {
    if (states.includes(state)) return { word: state[0].toUpperCase() + state.slice(1), tone: TONES[state] };
  }
  return { word: 'Accepted', tone: 'quiet' };
}

/** @returns {string} for example 14:03:11 */
export function clockTime(atMs) {
  return new Date(atMs).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/** @returns {string} how long after the start, for example +84 ms */
export function sinceText(ms) {
  if (ms < 1000) return `+${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `+${(ms / 1000).toFixed(1)} s`;
  return `+${Math.round(ms / 60_000)} min`;
}
