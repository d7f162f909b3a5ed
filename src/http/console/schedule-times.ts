import { html } from 'hono/html';
import { type Moment, momentsOfZones, RECIPIENT } from '../../domain/schedule/recurrence.ts';
import { wallClockMs } from '../../domain/time/zone.ts';
import type { Html } from './layout.ts';
import { table, time } from './parts.ts';

const DAY_MS = 86_400_000;
/** The fewest weeks that a calendar shows. */
const WEEKS = 5;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

type Formats = Readonly<Record<'inWords' | 'monthAndDay', Intl.DateTimeFormat>>;

let made: Formats | undefined;

/** Of what clocks show, which is kept as though it were UTC. Made when first asked for: a start would wait 15 ms for the first. */
function formats(): Formats {
  made ??= {
    inWords: new Intl.DateTimeFormat('en-GB', {
      ...{ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
      ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' },
    }),
    monthAndDay: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }),
  };
  return made;
}

/** What clocks show then, in words. */
export function momentWords(zone: string, moment: Moment): string {
  return zone === RECIPIENT
    ? `${formats().inWords.format(moment.wallMs)}, where each user lives`
    : `${formats().inWords.format(wallClockMs(zone, moment.atMs))} in ${zone}`;
}

/** The coming times in words, each with its instant. */
export function timeTable(zone: string, moments: readonly Moment[]): Html {
  return table({
    caption: 'The coming times',
    columns: [['When', 'wide'], [zone === RECIPIENT ? 'From the first zone to the last' : 'Instant', 'wide'], ['Note']],
    rows: moments.map((moment) => [momentWords(zone, moment), instantsOf(zone, moment), shiftWords(moment)]),
    empty: 'None: the last time has been.',
  });
}

function instantsOf(zone: string, { wallMs, atMs }: Moment): Html | string {
  if (zone !== RECIPIENT) return time(atMs);
  const { firstMs, lastMs } = momentsOfZones(wallMs);
  return html`${time(firstMs)} to ${time(lastMs)}`;
}

function shiftWords({ shift }: Moment): string {
  if (shift === null) return '–';
  return shift === 'gap' ? 'moved on: clocks leave that minute out' : 'clocks show it twice: the first counts';
}

/** Whole weeks from today on, each day with how often it is sent. Beyond the last of so many known times nothing can be said. */
export function calendar(of: {
  readonly zone: string;
  readonly moments: readonly Moment[];
  /** Whether more come after the last of them. */
  readonly hasMore: boolean;
  readonly nowMs: number;
}): Html {
  const { zone, moments, hasMore, nowMs } = of;
  const today = dayOf(zone === RECIPIENT ? nowMs : wallClockMs(zone, nowMs));
  const days = moments.map((moment) => dayOf(zone === RECIPIENT ? moment.wallMs : wallClockMs(zone, moment.atMs)));
  const lastKnown = hasMore ? (days.at(-1) ?? today) : Number.POSITIVE_INFINITY;
  const counts = new Map<number, number>();
  for (const day of days) counts.set(day, (counts.get(day) ?? 0) + 1);
  const monday = today - ((today + 3) % 7);
  const weeks = Array.from({ length: WEEKS }, (_, week) =>
    WEEKDAYS.map((_name, weekday) => monday + week * 7 + weekday),
  );
  const cell = (day: number): Html => {
    const count = counts.get(day) ?? 0;
    const says =
      day < today ? '' : day > lastKnown ? html`<span class="muted">…</span>` : countWords(count, day === lastKnown);
    const isToday = day === today ? html` aria-current="date"` : '';
    return html`<td${isToday}${count > 0 ? html` class="has"` : ''}><span class="day">${formats().monthAndDay.format(day * DAY_MS)}</span> ${says}</td>`;
  };
  return html`<div class="scroll" role="region" aria-label="Calendar" tabindex="0"><table class="calendar">
<caption class="visually-hidden">The next ${WEEKS} weeks, with how often it is sent on each day</caption>
<thead><tr>${WEEKDAYS.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${weeks.map((week) => html`<tr>${week.map(cell)}</tr>\n`)}</tbody></table></div>
${lastKnown < monday + WEEKS * 7 ? html`<p class="hint">Shown are the next ${moments.length} times; more come after them.</p>` : ''}`;
}

/** Days since 1970. */
function dayOf(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS);
}

function countWords(count: number, isAtLeast: boolean): Html | string {
  if (count === 0) return '';
  const text = count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
  return html`<span class="state held">${isAtLeast && count > 2 ? `${text} or more` : text}</span>`;
}
