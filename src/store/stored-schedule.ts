import type { Occurrence } from '../domain/schedule/occurrence.ts';
import type { Schedule } from '../domain/schedule/schedule.ts';

/** What is never asked for by itself is JSON, on both stores. */
type Said = Omit<Schedule, 'key' | 'id' | 'nextAtMs' | 'lastAtMs' | 'latest' | 'underWay' | 'version'>;

/** A schedule as both stores keep it. */
export type StoredSchedule = Pick<Schedule, 'key' | 'id' | 'nextAtMs' | 'lastAtMs' | 'underWay' | 'version'> & {
  readonly said: string;
  readonly latest: string | null;
};

export function storedSchedule(schedule: Schedule): StoredSchedule {
  const { key, id, nextAtMs, lastAtMs, latest, underWay, version, ...said } = schedule;
  return {
    ...{ key, id, nextAtMs, lastAtMs, underWay, version },
    said: JSON.stringify(said satisfies Said),
    latest: latest === null ? null : JSON.stringify(latest),
  };
}

export function readSchedule({ said, latest, ...rest }: StoredSchedule): Schedule {
  return {
    ...rest,
    ...(JSON.parse(said) as Said),
    latest: latest === null ? null : (JSON.parse(latest) as Occurrence),
  };
}
