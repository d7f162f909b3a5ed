import { LANE_STANDINGS, type LaneView } from '../push-service/lane-view.ts';
import { PUSH_SERVICES } from '../push-service/push-service.ts';

/** What a process can be there for: to take requests, or to send. */
export const PROCESS_ROLES = ['api', 'worker'] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

/** One of the processes of an installation, as it tells of itself. */
export type ProcessView = {
  readonly id: string;
  /** The machine or container, as it calls itself. */
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly roles: readonly ProcessRole[];
  readonly startedAtMs: number;
  /** How its ways to push hosts stand. */
  readonly lanes: readonly LaneView[];
};

/** Hosts beyond these are told by no process: an audience whose endpoints are made up must not fill the others. */
const MOST_LANES = 100;

/** As other processes read it. */
export function processWords(view: ProcessView): string {
  const worstFirst = view.lanes.toSorted(
    (one, other) => LANE_STANDINGS.indexOf(other.standing) - LANE_STANDINGS.indexOf(one.standing),
  );
  return JSON.stringify({ ...view, lanes: worstFirst.slice(0, MOST_LANES) });
}

/** What another process told, perhaps one of another version; null where that cannot be understood. */
export function readProcessWords(words: string): ProcessView | null {
  const { id, host, pid, version, roles, startedAtMs, lanes } = fieldsOf(words);
  const areWords = typeof id === 'string' && typeof host === 'string' && typeof version === 'string';
  const areNumbers = Number.isSafeInteger(pid) && Number.isSafeInteger(startedAtMs);
  if (!areWords || !areNumbers || !Array.isArray(roles) || !Array.isArray(lanes)) return null;
  return {
    ...{ id, host, pid: Number(pid), version, startedAtMs: Number(startedAtMs) },
    roles: PROCESS_ROLES.filter((role) => roles.includes(role)),
    lanes: lanes.filter(isLane),
  };
}

function fieldsOf(words: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(words);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isLane(value: unknown): value is LaneView {
  const { origin, service, standing, untilMs, inFlight } = (value ?? {}) as Partial<LaneView>;
  const isKnown = PUSH_SERVICES.some((each) => each === service) && LANE_STANDINGS.some((each) => each === standing);
  return isKnown && typeof origin === 'string' && (untilMs === null || isCount(untilMs)) && isCount(inFlight);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
