import type { TypeRule } from '../../domain/notification-type/type-policy.ts';

const PREFERENCES = {
  opted_in: 'everybody gets it who does not say no',
  opted_out: 'only who asks for it gets it',
  required: 'everybody gets it, whatever they say',
} as const;
const QUIET = { hold: 'held in quiet hours', drop: 'dropped in quiet hours' } as const;
const OVERRIDES = { quiet_hours: 'passes over quiet hours and pauses', cap: 'passes over the cap' } as const;

/** What a rule says, one thing after another; what it leaves open is not there. */
export function ruleWords({
  ttlSeconds,
  urgency,
  priority,
  preference,
  overrides = [],
  cap,
  onQuiet,
}: TypeRule): readonly string[] {
  const words = [
    preference === undefined ? null : PREFERENCES[preference],
    cap === undefined ? null : `at most ${cap.limit} to one user in ${spanWords(cap.perSeconds)}`,
    onQuiet === undefined ? null : QUIET[onQuiet],
    ...overrides.map((each) => OVERRIDES[each]),
    ttlSeconds === undefined ? null : `worth sending for ${spanWords(ttlSeconds)}`,
    priority === undefined ? null : `priority ${priority}`,
    urgency === undefined ? null : `urgency ${urgency}`,
  ].filter((each) => each !== null);
  return words.length === 0 ? ['nothing'] : words;
}

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** In the largest unit that leaves nothing over. */
function spanWords(seconds: number): string {
  const [unit, name] = UNITS.find(([each]) => seconds % each === 0 && seconds >= each) ?? [1, 'second'];
  const count = seconds / unit;
  return count === 1 ? `1 ${name}` : `${count} ${name}s`;
}
