import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Audience } from '../domain/audience/audience.ts';
import { type Expression, parseExpression } from '../domain/audience/expression.ts';
import { circleOf, type Segments, segmentsNamedIn, segmentsOf } from '../domain/audience/matching.ts';
import { PUSH_SERVICES, type PushService } from '../domain/push-service/push-service.ts';
import { pushTargetOf } from '../domain/push-service/push-target.ts';
import type { AudienceStore } from '../store/audience-store.ts';
import type { SegmentStore } from '../store/segment-store.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import { LOOK_PAGE, lookThrough } from './look-through.ts';

/** How many users an audience has, and devices by push service. `isAtLeast`: there are more than could be counted in time. */
type AudienceCount = {
  readonly users: number;
  readonly devices: Readonly<Record<PushService, number>>;
  readonly isAtLeast: boolean;
};

/** Expressions with a name, and what an audience comes to. */
export type Audiences = {
  /** Throws `invalid_audience` with the character where an expression cannot be read, and where it names no segment that there is. */
  check(audience: Audience): Promise<void>;
  count(audience: Audience): Promise<AudienceCount>;
  segments(): Promise<ReadonlyMap<string, string>>;
  /** Throws `invalid_audience`, also for a segment that would name itself on a way through others. */
  putSegment(key: string, text: string): Promise<void>;
  /** Throws `segment_not_found`. */
  deleteSegment(key: string): Promise<void>;
};

export type AudiencesOptions = {
  readonly store: { readonly audiences: AudienceStore; readonly segments: SegmentStore };
  readonly rules: StandingRules;
  readonly clock: Clock;
  readonly serverZone: string;
};

export function createAudiences(options: AudiencesOptions): Audiences {
  const { store, rules } = options;
  return {
    check: (audience) => check(options, audience),
    count: (audience) => count(options, audience),
    segments: () => store.segments.all(),
    async putSegment(key, text) {
      const segments = segmentsOf(await store.segments.all());
      const expression = checkedExpression(text, segments, key);
      const circle = circleOf(key, expression, segments);
      if (circle !== null) {
        throw new AppError(
          'invalid_audience',
          `The segment would name itself: ${circle.map((name) => `#${name}`).join(' → ')}. Break the circle.`,
        );
      }
      await store.segments.put(key, text);
      rules.forget();
    },
    async deleteSegment(key) {
      if (!(await store.segments.delete(key)))
        throw new AppError('segment_not_found', 'There is no segment with this key.');
      rules.forget();
    },
  };
}

function checkedExpression(text: string, segments: Segments, ownKey: string | null = null): Expression {
  const parsed = parseExpression(text);
  if (parsed.kind === 'error') {
    const { at, message } = parsed.error;
    throw new AppError('invalid_audience', `At character ${at + 1}: ${message}.`, { position: at });
  }
  const missing = [...segmentsNamedIn(parsed.expression)].find((key) => key !== ownKey && !segments.has(key));
  if (missing !== undefined) {
    throw new AppError(
      'invalid_audience',
      `There is no segment “${missing}”: keep it first, with PUT /v1/segments/${missing}.`,
      {
        position: text.indexOf(`#${missing}`),
      },
    );
  }
  return parsed.expression;
}

async function check({ store }: AudiencesOptions, audience: Audience): Promise<void> {
  if (audience.kind === 'tags') checkedExpression(audience.text, segmentsOf(await store.segments.all()));
}

async function count(options: AudiencesOptions, audience: Audience): Promise<AudienceCount> {
  const { store, rules, clock, serverZone } = options;
  await check(options, audience);
  const query = { audience: await rules.resolve(audience), limit: LOOK_PAGE, nowMs: clock.now(), serverZone };
  const devices = Object.fromEntries(PUSH_SERVICES.map((service) => [service, 0])) as Record<PushService, number>;
  let users = 0;
  const isAtLeast = await lookThrough(store.audiences, query, clock, (members) => {
    users += members.length;
    for (const { endpoint } of members.flatMap((member) => member.devices))
      devices[pushTargetOf(endpoint).service] += 1;
  });
  return { users, devices, isAtLeast };
}
