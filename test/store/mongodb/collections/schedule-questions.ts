import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { storedSchedule } from '../../../../src/store/stored-schedule.ts';
import { sampleSchedule } from '../../../contract/schedule-contract.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What the queries about schedules are asked for. */
export const SCHEDULE_QUESTIONS = {
  'schedule by key': 'schedule-5',
  'schedules listed': 'schedule-5',
  'schedules due': NOW_MS + 500,
  'occurrences listed': { scheduleId: 'sch_5', before: 'occ_9' },
  'occurrences recorded before': new Date(NOW_MS + 20),
};

/** A thousand schedules, and what came of ten of them. */
export async function fillSchedules({ schedules, occurrences }: Collections): Promise<void> {
  const all = Array.from({ length: 1000 }, (_, index) => index);
  await schedules.insertMany(
    all.map((index) => {
      const { key: _id, ...rest } = storedSchedule(sampleSchedule({ key: `schedule-${index}` }));
      return { ...rest, _id, nextAtMs: NOW_MS + index };
    }),
  );
  await occurrences.insertMany(
    all.map((index) => ({
      _id: `occ_${index}`,
      scheduleId: `sch_${index % 10}`,
      recordedAt: new Date(NOW_MS + index),
      occurrence: '{}',
    })),
  );
}
