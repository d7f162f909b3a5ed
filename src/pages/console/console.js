/** What moves in the console. Every page works without it. */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const time of document.querySelectorAll('time[datetime]')) addLocalTime(time);
showWhereOneIs();
addEventListener('resize', showWhereOneIs);
const stream = document.querySelector('[data-stream]');
if (stream !== null) follow(stream);

const job = document.querySelector('[data-progress]');
if (job !== null) setTimeout(lookAgain, 2000, job);

/** The menu is wider than a phone: it starts with the page that is shown in its middle. */
function showWhereOneIs() {
  const here = document.querySelector('nav [aria-current]');
  const menu = here?.closest('ul');
  if (!menu) return;
  const [entry, all] = [here.getBoundingClientRect(), menu.getBoundingClientRect()];
  menu.scrollLeft += entry.left + entry.width / 2 - (all.left + all.width / 2);
}

/** How far it got; and the page again once it is over. */
async function lookAgain(job) {
  const answer = await fetch(job.dataset.progress).catch(() => null);
  if (answer?.ok && !document.hidden) {
    const { value, max, says, isOver } = await answer.json();
    if (isOver) return location.reload();
    Object.assign(job.querySelector('progress'), { max, value });
    job.querySelector('[data-says]').textContent = says;
  }
  setTimeout(lookAgain, 2000, job);
}

/** The same instant in the viewer's zone, beside that in UTC. */
function addLocalTime(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime()) || zone === 'UTC') return;
  const isSameDay = at.toLocaleDateString('sv') === time.dateTime.slice(0, 10);
  const day = isSameDay ? {} : { month: 'short', day: 'numeric' };
  const format = { ...day, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  const local = document.createElement('small');
  local.textContent = `${at.toLocaleString('en', format)} in ${zone.split('/').at(-1).replaceAll('_', ' ')}`;
  time.append(local);
}

/** Shows what changes, but not under the eyes of somebody who reads: a selection, a focus within, or a hidden page wait. */
function follow(place) {
  const state = place.querySelector('[data-stream-state]');
  const waiting = new Map();
  let needs = Number(place.querySelector('[data-needs]')?.dataset.needs ?? 0);
  const say = (text) => {
    if (state !== null) state.textContent = text;
  };
  const isRead = () =>
    document.hidden ||
    String(getSelection()) !== '' ||
    place.contains(document.activeElement) ||
    place.matches(':active');
  const show = () => {
    if (isRead()) return say('Live; waits while you read.');
    for (const element of place.querySelectorAll('[data-live]')) showIn(element, waiting.get(element.dataset.live));
    waiting.clear();
    say('Live.');
  };
  const events = new EventSource(place.dataset.stream);
  events.addEventListener('change', ({ data }) => {
    const { texts, attention } = JSON.parse(data);
    for (const [name, text] of Object.entries(texts)) waiting.set(name, text);
    if (attention !== undefined && attention.length !== needs) {
      needs = attention.length;
      announce(place, needs);
    }
    show();
  });
  events.addEventListener('error', () => say('Not live: the server does not answer. The browser tries again.'));
  document.addEventListener('visibilitychange', show);
  place.addEventListener('focusout', () => setTimeout(show));
}

function showIn(element, text) {
  if (text === undefined || element.textContent === text) return;
  if (element.classList.contains('state')) element.className = `state lane-${text}`;
  element.textContent = text;
}

/** Of all that changes, only this is worth interrupting somebody. */
function announce(place, needs) {
  const status = place.querySelector('[data-announce]');
  if (status === null) return;
  status.classList.remove('visually-hidden');
  const link = document.createElement('a');
  link.href = '';
  link.textContent = 'Load the page again';
  status.textContent = needs === 0 ? 'Nothing needs anybody any more. ' : `${needs} things need a person now. `;
  status.append(link);
}
