import type { TypeRule } from '../../../src/domain/notification-type/type-policy.ts';
import { type Dice, diceFor } from '../world/random.ts';
import { drawAct, drawFollowUp, drawStorm, USERS } from './draw-act.ts';
import { drawClimate, drawFault } from './draw-fault.ts';
import { drawPatch, ZONES } from './draw-person.ts';
import type { Act, Deployment, Fault, Item, Plan } from './plan.ts';
import { SERVICES } from './plan.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Days around which clocks are changed somewhere, and days on which nothing of the kind happens. */
const STARTS = [
  '2026-03-07',
  '2026-03-28',
  '2026-04-04',
  '2026-10-03',
  '2026-10-24',
  '2026-10-31',
  '2026-07-14',
  '2027-12-31',
];

/** What holds for types in every world: invariants are told of them, too. */
const RULES: Readonly<Record<string, TypeRule>> = {
  'promo.*': { cap: { limit: 2, perSeconds: 6 * 3600 } },
  'alert.*': { overrides: ['quiet_hours'], preference: 'required', priority: 'high' },
  'flash.*': { onQuiet: 'drop', ttlSeconds: 1800 },
  'digest.*': { preference: 'opted_out' },
};

export type PlanOptions = { readonly days: number };

/** A world that follows from a seed. Things happen in bursts: between them a world comes to rest, and time is cheap. */
export function makePlan(seed: number, { days }: PlanOptions): Plan {
  const dice = diceFor(seed, 'plan');
  const startMs = Date.parse(`${dice.pick(STARTS)}T00:00:00Z`) + dice.between(0, 23) * HOUR_MS;
  const endMs = startMs + Math.round(days * DAY_MS);
  const deployment = drawDeployment(dice);
  const all = [...beginning(dice, startMs), ...bursts(dice, { startMs, endMs, deployment })];
  // From the end on nothing is asked for, and nothing goes wrong.
  const drafts = all.filter(({ atMs }) => atMs < endMs);
  const items = drafts.sort((one, other) => one.atMs - other.atMs).map((draft, id) => ({ ...draft, id }) as Item);
  return {
    seed,
    startMs,
    endMs,
    deployment,
    serverZone: dice.pick(ZONES),
    fanOutPageSize: dice.pick([2, 5, 25]),
    concurrency: dice.pick([4, 20]),
    climates: Object.fromEntries(SERVICES.map((name) => [name, drawClimate(dice)])) as Plan['climates'],
    webhooksFail: dice.pick([0, 0.1, 0.5]),
    rules: RULES,
    items,
  };
}

function drawDeployment(dice: Dice): Deployment {
  return dice.isTrue(0.45) ? { kind: 'embedded', hosts: 1 } : { kind: 'shared', hosts: dice.between(2, 3) };
}

type Draft = Omit<Extract<Item, { who: 'act' }>, 'id'> | Omit<Extract<Item, { who: 'fault' }>, 'id'>;

const MANY_DEVICES = 11;

/** Who is there before anything is sent. */
function beginning(dice: Dice, startMs: number): Draft[] {
  const drafts: Draft[] = [];
  const add = (act: Act): void => {
    drafts.push({ atMs: startMs + SECOND_MS + drafts.length * 50, who: 'act', host: 0, act });
  };
  for (let endpoint = 0; endpoint < dice.pick([0, 1, 2]); endpoint += 1) add({ kind: 'listen', endpoint });
  for (let user = 0; user < USERS; user += 1) {
    const zone = dice.isTrue(0.6) ? dice.pick(ZONES) : null;
    const devices = dice.pick([0, 1, 1, 1, 2, 3]);
    for (let device = 0; device < devices; device += 1)
      add({ kind: 'register', user, device, service: dice.pick(SERVICES), zone });
    // The first user has many of one service, and others wait for them.
    for (let device = 3; user === 0 && device < MANY_DEVICES; device += 1)
      add({ kind: 'register', user, device, service: 'fcm', zone });
    if (dice.isTrue(0.5)) add({ kind: 'patch_user', user, ...drawPatch(dice, startMs) });
  }
  return drafts;
}

const BURSTS_A_DAY = 7;
const BURST_LASTS_MS = 90 * SECOND_MS;

type Frame = Pick<Plan, 'startMs' | 'endMs' | 'deployment'>;

function bursts(dice: Dice, { startMs, endMs, deployment }: Frame): Draft[] {
  const drafts: Draft[] = [];
  const count = Math.max(3, Math.round((BURSTS_A_DAY * (endMs - startMs)) / DAY_MS));
  for (let burst = 0; burst < count; burst += 1) {
    const atMs = Math.floor(startMs + 10 * SECOND_MS + dice.next() * (endMs - startMs - 20 * SECOND_MS));
    const within = (): number => atMs + Math.floor(dice.next() ** 2 * BURST_LASTS_MS);
    const acts = dice.between(2, 9);
    for (let index = 0; index < acts; index += 1) drafts.push(...drawCall(dice, within()));
    if (dice.isTrue(0.4)) {
      const stormAtMs = within();
      for (const [afterMs, act] of drawStorm(dice, stormAtMs))
        drafts.push({ atMs: stormAtMs + afterMs, who: 'act', host: dice.between(0, 2), act });
    }
    const faults = dice.pick([0, 1, 1, 2, 3, 4]);
    for (let index = 0; index < faults; index += 1) {
      const fault: Fault = drawFault(dice, deployment);
      drafts.push({ atMs: within() - dice.between(0, 20 * SECOND_MS), who: 'fault', fault });
    }
  }
  return drafts;
}

/** A call, and what comes on its heels. */
function drawCall(dice: Dice, atMs: number): Draft[] {
  const act = drawAct(dice, atMs);
  const call = { atMs, who: 'act', host: dice.between(0, 2), act } as const;
  const next = act.kind === 'send' ? drawFollowUp(dice, act.send, atMs) : null;
  if (next === null) return [call];
  return [
    call,
    { atMs: atMs + dice.between(0, dice.pick([60, 400, 3000])), who: 'act', host: dice.between(0, 2), act: next },
  ];
}
