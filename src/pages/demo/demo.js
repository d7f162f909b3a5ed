import { BUSY, explain } from '/demo/browser.js';
import { createTimeline } from '/demo/timeline.js';
import { offerWishes } from '/demo/wishes.js';
import { createBellhop } from '/sdk/bellhop.js';

const MAX_SHOWN = 10;
const RECONNECT_MS = 3000;
/** A push service usually answers a browser within two seconds. */
const LATE_AFTER_MS = 8000;

const part = (id) => document.getElementById(id);
const timelines = [];
let subscriptionId = null;

const token = async () => (await post('/demo/token')).token;
const bellhop = createBellhop({ token });

async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error([json.detail, ...(json.issues ?? []).map(wordsOf)].join(' '));
  return json;
}

function wordsOf({ path, message }) {
  return `“${path}” ${message}.`;
}

async function showStatus(error = null) {
  const status = await bellhop.status();
  subscriptionId = status.subscriptionId ?? null;
  const { tone, text, help, canSubscribe } = explain(status, error);
  part('status').dataset.tone = tone;
  setText('status-text', text);
  setText('status-help', help);
  const isSubscribed = status.state === 'subscribed';
  swap({ show: isSubscribed ? 'unsubscribe' : canSubscribe ? 'subscribe' : null });
  part('send-hint').hidden = isSubscribed;
}

/** Shows one of the two buttons, and moves the focus to it where the other one had the focus. */
function swap({ show }) {
  const hadFocus = ['subscribe', 'unsubscribe'].some((id) => part(id) === document.activeElement);
  for (const id of ['subscribe', 'unsubscribe']) part(id).hidden = id !== show;
  if (hadFocus && show !== null) part(show).focus();
}

function setText(id, text) {
  const element = part(id);
  // A screen reader reads a live region again whenever its text is set.
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === '';
}

/** Handles the presses of a button one at a time; it shows `busyText` meanwhile. `disabled` would take the focus from it. */
function onPress(button, busyText, run) {
  const text = button.textContent;
  return async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    button.textContent = busyText;
    try {
      await run();
    } finally {
      button.removeAttribute('aria-disabled');
      button.textContent = text;
    }
  };
}

function isBusy() {
  return part('status').dataset.tone === 'busy';
}

function change(what) {
  const { text, late } = BUSY[what];
  return async () => {
    part('status').dataset.tone = 'busy';
    setText('status-text', text);
    setText('status-help', '');
    const lateTimer = setTimeout(() => setText('status-help', late), LATE_AFTER_MS);
    const error = await bellhop[what]().then(
      () => null,
      (reason) => reason,
    );
    clearTimeout(lateTimer);
    await showStatus(error);
  };
}

async function send() {
  const form = new FormData(part('send'));
  const [title, body, url] = ['title', 'body', 'url'].map((name) => String(form.get(name)).trim());
  setText('send-error', '');
  const startedAtMs = performance.now();
  try {
    const accepted = await post('/demo/notifications', { title, ...(body && { body }), ...(url && { url }) });
    const answeredAtMs = performance.now();
    ring();
    watch({ accepted, title, answeredAtMs, tookMs: answeredAtMs - startedAtMs });
  } catch (error) {
    setText('send-error', error.message);
  }
}

function ring() {
  const { classList } = part('bell');
  classList.remove('is-ringing');
  requestAnimationFrame(() => classList.add('is-ringing'));
}

function watch(sent) {
  part('empty').hidden = true;
  for (const earlier of timelines) earlier.fold();
  const timeline = createTimeline(sent, { ownSubscriptionId: () => subscriptionId, announce });
  timelines.unshift(timeline);
  part('sent').prepend(timeline.element);
  for (const old of timelines.splice(MAX_SHOWN)) old.element.remove();
  follow(timeline);
  // On a phone the timeline is below the form, out of sight.
  if (part('watch').getBoundingClientRect().top > innerHeight * 0.6)
    part('watch').scrollIntoView({ behavior: scrollBehavior() });
}

function scrollBehavior() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth';
}

/** Shows each view that the server sends: a view is complete. Connects again where the connection was lost. */
function follow(timeline) {
  const source = new EventSource(`/demo/notifications/${timeline.id}/events`);
  source.onopen = () => setText('connection', '');
  source.addEventListener('view', ({ data }) => timeline.update(JSON.parse(data)));
  source.addEventListener('end', () => source.close());
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      setText('connection', 'The service does not answer. Trying again …');
      setTimeout(() => timelines.includes(timeline) && follow(timeline), RECONNECT_MS);
    }
  };
}

function announce(text) {
  const line = document.createElement('span');
  line.textContent = `${text} `;
  part('announcements').append(line);
}

for (const place of document.querySelectorAll('.origin')) place.textContent = location.origin;
part('url').value = `${location.origin}/demo`;
part('subscribe').onclick = onPress(part('subscribe'), 'Subscribing …', change('subscribe'));
part('unsubscribe').onclick = onPress(part('unsubscribe'), 'Unsubscribing …', change('unsubscribe'));
part('send').onsubmit = onPress(part('send-button'), 'Sending …', send);
offerWishes(part('wishes'), part('wishes-form'), token);
bellhop.onMessage(({ kind, notification }) => {
  if (kind === 'shown') timelines.find(({ id }) => id === notification.notification_id)?.shown();
});
document.addEventListener('visibilitychange', () => document.hidden || isBusy() || showStatus());
showStatus();
