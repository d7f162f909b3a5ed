import type { Dice } from '../world/random.ts';
import { drawPatch, quietSoon, ZONES } from './draw-person.ts';
import { type Act, SERVICES, type Send } from './plan.ts';

/** Few, so that much happens to each. */
export const USERS = 12;
const TYPES = [
  'order.shipped',
  'order.shipped',
  'promo.sale',
  'promo.news',
  'alert.login',
  'flash.deal',
  'digest.daily',
];

/** One thing that a caller, a browser or an operator does. */
export function drawAct(dice: Dice, atMs: number): Act {
  const kind = dice.weighted({
    send: 16,
    cancel: 2,
    replay: 2,
    bulk: 1,
    patch_user: 3,
    register: 2,
    unsubscribe: 1,
    schedule: 1,
    trigger: 1,
    decide_hold: 1,
    pause: 0.5,
    resend_events: 0.3,
    erase: 0.6,
  });
  switch (kind) {
    case 'send':
      return { kind, send: drawSend(dice) };
    case 'cancel':
    case 'unsubscribe':
      return { kind, back: dice.between(0, 3) };
    case 'replay':
      return { kind, back: dice.between(0, 3), ttlSeconds: drawNewTtl(dice) };
    case 'bulk':
      return { kind, action: dice.isTrue(0.7) ? 'replay' : 'discard', ttlSeconds: drawNewTtl(dice) };
    case 'patch_user':
      return { kind, user: drawUser(dice), ...drawPatch(dice, atMs) };
    case 'register':
      return {
        kind,
        user: drawUser(dice),
        device: dice.between(0, 2),
        service: dice.pick(SERVICES),
        zone: dice.pick(ZONES),
      };
    case 'schedule':
      return drawSchedule(dice);
    case 'trigger':
      return { kind, key: drawKey(dice) };
    case 'decide_hold':
      return { kind, decision: dice.isTrue(0.5) ? 'confirm' : 'dismiss' };
    case 'erase':
      return { kind, user: drawUser(dice) };
    case 'resend_events':
      return { kind, sinceSeconds: dice.between(60, 7200) };
    case 'pause':
      return { kind, forSeconds: dice.between(2, 900), waiting: dice.isTrue(0.6) ? 'send' : 'drop' };
  }
}

/** What comes on the heels of a send, and races with what follows from it. */
export function drawFollowUp(dice: Dice, { to, topic }: Send, atMs: number): Act | null {
  const kind = dice.weighted({ none: 6, cancel: 2, newer: topic === null ? 2 : 5, bulk: 0.5, quiet: 3 });
  switch (kind) {
    case 'none':
      return null;
    case 'cancel':
      return { kind, back: 0 };
    case 'newer':
      return { kind: 'send', send: { ...drawSend(dice), to, topic, sendAt: null } };
    case 'quiet': {
      const user = typeof to === 'string' || to.length === 0 ? drawUser(dice) : dice.pick(to);
      return { kind: 'patch_user', user, patch: quietSoon(dice, atMs), pausedForSeconds: null };
    }
    case 'bulk':
      return { kind, action: dice.isTrue(0.5) ? 'replay' : 'discard', ttlSeconds: 3600 };
  }
}

/** A call for all users, and within a second somebody who meddles: with all of it, or with some of them. */
export function drawStorm(dice: Dice, atMs: number): readonly (readonly [afterMs: number, act: Act])[] {
  const users = Array.from({ length: USERS }, (_, user) => user);
  const topic = dice.isTrue(0.5) ? 'score' : null;
  const plain = { to: users, type: 'order.shipped', ttlSeconds: 7200, sendAt: null, againSeconds: null } as const;
  const send = { kind: 'send', send: { ...plain, topic, priority: null } } as const;
  const soonMs = (): number => dice.between(20, 1000);
  const kind = dice.weighted({ cancel: 3, again: 2, quiet: 2, erase: 1 });
  switch (kind) {
    case 'cancel':
      return [
        [0, send],
        [soonMs(), { kind, back: 0 }],
      ];
    case 'again':
      return [
        [0, send],
        [soonMs(), send],
      ];
    case 'erase':
      return [
        [0, send],
        [soonMs(), { kind, user: drawUser(dice) }],
      ];
    case 'quiet': {
      const silence = (user: number): Act => ({
        kind: 'patch_user',
        user,
        patch: quietSoon(dice, atMs),
        pausedForSeconds: null,
      });
      return [[0, send], ...dice.some(users, 5).map((user) => [soonMs(), silence(user)] as const)];
    }
  }
}

function drawUser(dice: Dice): number {
  return dice.between(0, USERS - 1);
}

function drawNewTtl(dice: Dice): number | null {
  return dice.isTrue(0.5) ? dice.between(60, 7200) : null;
}

function drawKey(dice: Dice): string {
  return dice.pick(['morning', 'often']);
}

function drawSchedule(dice: Dice): Act {
  const key = drawKey(dice);
  return {
    kind: 'schedule',
    key,
    cron: dice.pick(key === 'often' ? ['*/30 * * * *', '15 */2 * * *'] : ['0 9 * * *', '30 2 * * *', '0 0 * * *']),
    timeZone: dice.isTrue(0.3) ? 'recipient' : dice.pick(ZONES),
    catchUpSeconds: dice.pick([60, 3600]),
    isPaused: dice.isTrue(0.2),
    send: { ...drawSend(dice), sendAt: null, againSeconds: null },
  };
}

function drawSend(dice: Dice): Send {
  const audience = dice.weighted({ few: 8, many: 3, everyone: 2, beta: 1 });
  const users = Array.from({ length: USERS }, (_, user) => user);
  const named = audience === 'few' ? dice.some(users, dice.between(1, 3)) : dice.some(users, dice.between(4, USERS));
  return {
    to: audience === 'few' || audience === 'many' ? named : audience,
    type: dice.pick(TYPES),
    priority: dice.isTrue(0.3) ? dice.pick(['high', 'normal', 'low']) : null,
    ttlSeconds: drawTtl(dice),
    topic: dice.isTrue(0.35) ? dice.pick(['score', 'weather']) : null,
    sendAt: drawSendAt(dice),
    againSeconds: dice.isTrue(0.2) ? dice.between(0, 20) : null,
  };
}

function drawTtl(dice: Dice): number | null {
  return dice.pick([null, 5, 30, 120, 900, 3600, 6 * 3600, 10 * 3600]);
}

function drawSendAt(dice: Dice): Send['sendAt'] {
  if (dice.isTrue(0.75)) return null;
  if (dice.isTrue(0.5)) return { kind: 'instant', inSeconds: dice.between(1, 4 * 3600) };
  const ifPassed = dice.pick(['skip', 'send_now', 'next_day'] as const);
  return { kind: 'local', inMinutes: dice.between(-600, 600), ifPassed };
}
