import { allSteps, clockTime, outcomeOf, sinceText } from '/demo/steps.js';

/** A browser shows a push at once: after this time something keeps the push back. */
const LATE_AFTER_MS = 8000;

/** The way of one notification on the page. `announce` gets each new step in words, for people who cannot see the page. */
export function createTimeline(sent, { ownSubscriptionId, announce }) {
  const { element, outcome, list } = frame(sent.title);
  const startMs = Date.parse(sent.accepted.accepted_at);
  const known = new Set();
  let view = null;
  let shownAtMs = null;
  let isLate = false;
  let lateTimer = null;

  const draw = () => {
    const own = ownSubscriptionId();
    const { word, tone } = outcomeOf(view, shownAtMs !== null);
    outcome.textContent = word;
    outcome.dataset.tone = tone;
    for (const step of drawSteps(list, allSteps(sent, view, { own, shownAtMs, isLate }), startMs)) {
      if (step.name === undefined || known.has(step.key)) continue;
      known.add(step.key);
      announce(`${step.name}. ${step.text}${step.remedy ? ` ${step.remedy}` : ''}`);
    }
  };
  const showLate = () => {
    isLate = true;
    draw();
  };

  draw();
  return {
    id: sent.accepted.id,
    element,
    update(next) {
      view = next;
      draw();
      const isOut = next.deliveries.some(
        (one) => one.state === 'delivered' && one.subscription_id === ownSubscriptionId(),
      );
      if (isOut && shownAtMs === null) lateTimer ??= setTimeout(showLate, LATE_AFTER_MS);
    },
    /** The browser reports that it showed the push. Its clock may differ from the server's, so the time counts from the sending. */
    shown() {
      if (shownAtMs !== null) return;
      shownAtMs = startMs + (performance.now() - sent.answeredAtMs);
      clearTimeout(lateTimer);
      draw();
    },
    fold() {
      element.open = false;
    },
  };
}

function frame(title) {
  const element = make('details', { className: 'notification', open: true });
  const summary = make('summary');
  const outcome = make('span', { className: 'outcome' });
  const list = make('ol', { className: 'timeline' });
  list.setAttribute('aria-label', 'The way so far');
  summary.append(make('h3', { textContent: title }), outcome);
  element.append(summary, list);
  return { element, outcome, list };
}

/** Changes the items that are there and adds new ones, so that only new steps move on the page. Returns the steps. */
function drawSteps(list, steps, startMs) {
  const items = new Map([...list.children].map((item) => [item.dataset.key, item]));
  const wanted = new Set(steps.map(({ key }) => key));
  for (const [key, item] of items) if (!wanted.has(key)) item.remove();
  steps.forEach((step, index) => {
    const item = items.get(step.key) ?? make('li');
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
    const drawn = JSON.stringify(step);
    if (item.dataset.drawn === drawn) return;
    item.dataset.drawn = drawn;
    item.dataset.key = step.key;
    fill(item, step, startMs);
  });
  return steps;
}

function fill(item, step, startMs) {
  if (step.device !== undefined) {
    item.className = 'device';
    item.textContent = step.device;
    return;
  }
  item.className = 'step';
  item.dataset.tone = step.tone;
  item.toggleAttribute('data-open', step.isOpen === true);
  item.replaceChildren(
    make('span', { className: 'step-name', textContent: step.name }),
    ...(step.atMs === undefined ? [] : [timeOf(step, startMs)]),
    make('p', { className: 'step-text', textContent: step.text }),
    ...(step.remedy ? [make('p', { className: 'step-text step-remedy', textContent: step.remedy })] : []),
    ...(step.facts?.length ? [factsOf(step.facts)] : []),
  );
}

function timeOf({ key, atMs }, startMs) {
  const textContent = key === 'accepted' ? clockTime(atMs) : sinceText(atMs - startMs);
  const dateTime = new Date(atMs).toISOString();
  return make('time', { className: 'step-time', textContent, dateTime, title: clockTime(atMs) });
}

function factsOf(facts) {
  const list = make('ul', { className: 'facts' });
  list.setAttribute('aria-label', 'In figures');
  list.append(...facts.map((fact) => make('li', { textContent: fact })));
  return list;
}

function make(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
