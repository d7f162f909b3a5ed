import type { Dice } from '../world/random.ts';
import { type Climate, type Deployment, type Fault, SERVICES, type Trouble } from './plan.ts';

/** Processes that share a store go by clocks that differ by less than a lease outlives its attempt. */
const MOST_SKEW_BETWEEN_HOSTS_MS = 5000;
const MOST_JUMP_MS = 3 * 3_600_000;

/** One thing that goes wrong. */
export function drawFault(dice: Dice, { kind: deployment, hosts }: Deployment): Fault {
  const kind = dice.weighted({
    crash: 6,
    power_loss: 2,
    restart: 1,
    clock_jump: 3,
    service: 8,
    queue: 5,
    slow_store: deployment === 'shared' ? 2 : 0,
    store_away: 1,
    slow_disk: 2,
  });
  const host = dice.between(0, hosts - 1);
  const downSeconds = dice.pick([0, 1, 5, 30, 300, 3600]);
  switch (kind) {
    case 'crash':
      return { kind, host, calls: dice.between(1, 25), cut: dice.pick(['before', 'after']), downSeconds };
    case 'power_loss':
      return { kind, calls: dice.between(1, 25), cut: dice.pick(['before', 'after']), downSeconds };
    case 'restart':
      return { kind, host, downSeconds };
    case 'clock_jump': {
      const mostMs = deployment === 'shared' ? MOST_SKEW_BETWEEN_HOSTS_MS / 2 : MOST_JUMP_MS;
      return { kind, host, byMs: Math.round((dice.next() * 2 - 1) ** 3 * mostMs) };
    }
    case 'service':
      return {
        kind,
        service: dice.pick(SERVICES),
        trouble: drawTrouble(dice),
        forSeconds: dice.pick([5, 30, 120, 1800]),
      };
    case 'queue':
      return {
        kind,
        forgets: dice.next() ** 2,
        duplicates: dice.next() * 0.5,
        delays: dice.next() * 0.5,
        forSeconds: 120,
      };
    case 'slow_store':
      return { kind, mostMs: dice.pick([50, 500, 3000]), forSeconds: 60 };
    case 'store_away':
      return { kind, host, forSeconds: dice.between(1, 40) };
    case 'slow_disk':
      return { kind, mostMs: dice.pick([5, 50, 400]), forSeconds: 60 };
  }
}

function drawTrouble(dice: Dice): Trouble {
  const kind = dice.weighted({
    down: 3,
    throttles: 2,
    calls_gone: 2,
    refuses_key: 0.5,
    refuses_some: 1,
    slow: 2,
    hangs: 2,
    resets: 1,
  });
  const shareOfDevices = dice.pick([0.2, 0.5, 1]);
  switch (kind) {
    case 'down':
      return { kind, status: dice.pick([500, 503]), retryAfterSeconds: dice.pick([null, 1, 120]) };
    case 'throttles':
      return { kind, abovePerSecond: dice.between(0, 3), retryAfterSeconds: dice.pick([null, 2, 60]) };
    case 'slow':
      return { kind, delayMs: dice.pick([500, 3000, 9000, 20_000]) };
    case 'refuses_key':
      return { kind };
    case 'calls_gone':
    case 'refuses_some':
    case 'hangs':
    case 'resets':
      return { kind, shareOfDevices };
  }
}

/** Of one push service: most are well most of the time. */
export function drawClimate(dice: Dice): Climate {
  return {
    fails: dice.pick([0, 0, 0.1, 0.3, 0.6]),
    gone: dice.pick([0, 0, 0, 0.1, 0.4]),
    refused: dice.pick([0, 0, 0, 0, 0.2]),
  };
}
