import type { Member } from './audience.ts';
import { type PagePlan, shareOf } from './fan-out.ts';
import type { SuppressionDetail, SuppressionReason } from './release.ts';
import { type SuppressionCounts, suppressionCountsOf } from './suppression.ts';

/** What a notification would become for one user. */
export type UserForecast = {
  readonly userId: string;
  readonly outcome: 'send' | 'hold' | 'suppress';
  /** Why nothing would go; null where something would. */
  readonly reason: SuppressionReason | null;
  readonly detail: SuppressionDetail;
  /** When it would be looked at again; null where it is not held. */
  readonly heldUntilMs: number | null;
  /** How many devices it would go to. */
  readonly devices: number;
};

type WaveForecast = { readonly atMs: number; readonly users: number };

/** What a notification would become if it were sent at one instant. Each user is in `reachedUsers` or in `suppressed`. */
export type Forecast = {
  readonly users: number;
  readonly reachedUsers: number;
  readonly devices: number;
  readonly suppressed: SuppressionCounts;
  /** How many of the users reached would get it later, and the first and the last instant of that; null where none would. */
  readonly held: { readonly users: number; readonly firstMs: number; readonly lastMs: number } | null;
  /** When how many users would get it, in order of time, where it goes out later; those who are left out are in none. */
  readonly waves: readonly WaveForecast[];
  /** To how many users each variant would go, by what is drawn for them; those who wait for a test are in none. */
  readonly variants: ReadonlyMap<string, number>;
  /** Users of the audience in its order: all of few, and the same ones of many each time. */
  readonly sample: readonly UserForecast[];
};

/** Of an audience before its first page. */
export const NO_FORECAST: Forecast = {
  users: 0,
  reachedUsers: 0,
  devices: 0,
  suppressed: suppressionCountsOf([]),
  held: null,
  waves: [],
  variants: new Map(),
  sample: [],
};

const SAMPLE_USERS = 20;

/** With what a further page of the audience was planned to become. */
export function forecastWith(
  before: Forecast,
  members: readonly Member[],
  plan: PagePlan,
  waveAtMs: number | null,
): Forecast {
  const outcomes = outcomesOf(plan);
  const page = members.flatMap(({ userId }) => outcomes.get(userId) ?? []);
  const reached = page.filter(({ outcome }) => outcome !== 'suppress');
  return {
    users: before.users + page.length,
    reachedUsers: before.reachedUsers + reached.length,
    devices: before.devices + plan.deliveries.length,
    suppressed: plusSuppressed(before.suppressed, page),
    held: plusHeld(before.held, page),
    waves: plusWave(before.waves, waveAtMs, reached.length),
    variants: plusVariants(before.variants, plan),
    sample: sampleOf([...before.sample, ...page]),
  };
}

function outcomesOf(plan: PagePlan): ReadonlyMap<string, UserForecast> {
  const byUser = new Map<string, UserForecast>();
  for (const { userId, reason, detail } of plan.suppressions) {
    byUser.set(userId, { userId, outcome: 'suppress', reason, detail, heldUntilMs: null, devices: 0 });
  }
  for (const { userId, state, dueAtMs } of plan.deliveries) {
    const isHeld = state === 'held';
    byUser.set(userId, {
      userId,
      outcome: isHeld ? 'hold' : 'send',
      reason: null,
      detail: {},
      heldUntilMs: isHeld ? dueAtMs : null,
      devices: (byUser.get(userId)?.devices ?? 0) + 1,
    });
  }
  return byUser;
}

function plusSuppressed(before: SuppressionCounts, page: readonly UserForecast[]): SuppressionCounts {
  const counts = { ...before };
  for (const { reason } of page) if (reason !== null) counts[reason] += 1;
  return counts;
}

function plusHeld(before: Forecast['held'], page: readonly UserForecast[]): Forecast['held'] {
  return page.reduce((held, { heldUntilMs: atMs }) => {
    if (atMs === null) return held;
    if (held === null) return { users: 1, firstMs: atMs, lastMs: atMs };
    return { users: held.users + 1, firstMs: Math.min(held.firstMs, atMs), lastMs: Math.max(held.lastMs, atMs) };
  }, before);
}

function plusWave(before: readonly WaveForecast[], atMs: number | null, users: number): readonly WaveForecast[] {
  if (atMs === null || users === 0) return before;
  const known = before.find((wave) => wave.atMs === atMs)?.users ?? 0;
  const others = before.filter((wave) => wave.atMs !== atMs);
  return [...others, { atMs, users: known + users }].sort((one, other) => one.atMs - other.atMs);
}

function plusVariants(before: Forecast['variants'], { deliveries }: PagePlan): Forecast['variants'] {
  if (deliveries[0]?.variant === undefined) return before;
  const users = new Map(deliveries.map(({ userId, variant }) => [userId, variant]));
  const counts = new Map(before);
  for (const variant of users.values()) {
    if (variant?.experimentKey !== undefined) counts.set(variant.key, (counts.get(variant.key) ?? 0) + 1);
  }
  return counts;
}

/** By a number that is the user's own, so that a sample is spread over the audience, and tells of the same users again. */
function sampleOf(candidates: readonly UserForecast[]): readonly UserForecast[] {
  if (candidates.length <= SAMPLE_USERS) return candidates;
  const shares = candidates.map((candidate) => ({ candidate, share: shareOf(candidate.userId) }));
  const chosen = new Set(
    shares
      .sort((one, other) => one.share - other.share)
      .slice(0, SAMPLE_USERS)
      .map(({ candidate }) => candidate),
  );
  return candidates.filter((candidate) => chosen.has(candidate));
}
