import type { UserPatch } from '../../../src/domain/user/user.ts';
import type { Dice } from '../world/random.ts';

/** Zones whose clocks are changed at different times, by different shifts, or never. */
export const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Kiritimati',
  'America/Santiago',
] as const;

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

type Patch = { readonly patch: UserPatch; readonly pausedForSeconds: number | null };

/** What is said of a user, by the user or by the site. */
export function drawPatch(dice: Dice, atMs: number): Patch {
  const what = dice.weighted({ quiet: 5, awake: 1, zone: 2, wishes: 3, pause: 1, tags: 2 });
  const said = (patch: UserPatch): Patch => ({ patch, pausedForSeconds: null });
  switch (what) {
    case 'quiet':
      return said(dice.isTrue(0.6) ? quietSoon(dice, atMs) : drawQuietHours(dice));
    case 'awake':
      return said({ quietHours: null });
    case 'zone':
      return said({ timeZone: dice.isTrue(0.2) ? null : dice.pick(ZONES) });
    case 'wishes':
      return said({
        preferences: { [dice.pick(['promo.*', 'digest.*', 'order.shipped', 'flash.deal'])]: dice.isTrue(0.5) },
      });
    case 'pause':
      return { patch: {}, pausedForSeconds: dice.between(60, 6 * 3600) };
    case 'tags':
      return said({ tags: dice.isTrue(0.7) ? ['beta'] : [] });
  }
}

/** Any half hours of the day, in whatever zone the user lives. */
function drawQuietHours(dice: Dice): UserPatch {
  const fromMinute = dice.between(0, 47) * 30;
  const untilMinute = (fromMinute + dice.between(1, 24) * 30) % 1440;
  return { quietHours: { fromMinute, untilMinute, days: dice.isTrue(0.3) ? dice.some(WEEKDAYS, 4) : null } };
}

/** Quiet that begins or ends within minutes, while much is under way. */
export function quietSoon(dice: Dice, atMs: number): UserPatch {
  const timeZone = dice.pick(ZONES);
  const shown = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone } as const;
  const [hour = 0, minute = 0] = new Intl.DateTimeFormat('en-GB', shown).format(atMs).split(':').map(Number);
  const soon = (hour * 60 + minute + dice.pick([0, 0, 0, 1, 2])) % 1440;
  const away = (soon + dice.between(2, 180) + (dice.isTrue(0.5) ? 0 : 1200)) % 1440;
  const [fromMinute, untilMinute] = dice.isTrue(0.7) ? [soon, away] : [away, soon];
  return { timeZone, quietHours: { fromMinute, untilMinute, days: null } };
}
