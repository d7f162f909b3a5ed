/** Counts an audience while it is written, and shows the words of a notification as they are typed. */

const form = document.querySelector('form.compose');
const count = form.querySelector('[data-count]');
const mirror = form.querySelector('[data-mirror]');
const PAUSE_MS = 400;

let timer;
let asked = null;
let asking = null;

form.addEventListener('input', () => {
  show();
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
});
show();
ask();

function show() {
  const { title, body } = form.elements;
  mirror.hidden = title.value === '' && body.value === '';
  for (const place of mirror.querySelectorAll('[data-mirrors]'))
    place.textContent = form.elements[place.dataset.mirrors].value;
}

/** Named users need no counting. */
async function ask() {
  const to = form.elements.to.value;
  const tags = to === 'tags' ? form.elements.tags.value.trim() : '';
  const wanted = to === 'everyone' || tags !== '' ? tags : null;
  if (wanted === asked) return;
  asked = wanted;
  asking?.abort();
  if (wanted === null) {
    count.textContent = '';
    return;
  }
  asking = new AbortController();
  try {
    const answer = await fetch(`audience-count?tags=${encodeURIComponent(wanted)}`, { signal: asking.signal });
    count.textContent = answer.ok ? await answer.text() : '';
  } catch {
    // Another question is under way, or the server is away: the dry run tells.
  }
}
