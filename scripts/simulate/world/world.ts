import { readCron } from '../../../src/domain/schedule/cron.ts';
import { Inspection } from '../checks/inspection.ts';
import { demand, type Violation } from '../checks/violation.ts';
import type { Plan } from '../plan/plan.ts';
import { begin, resume } from './acts.ts';
import { befall, heal, usualSlowMs } from './faults.ts';
import { type Defect, Stage } from './stage.ts';

export type Outcome = {
  readonly violation: Violation | null;
  /** The same for the same plan. */
  readonly digest: string;
  readonly tail: readonly string[];
  readonly pushes: number;
  readonly crashes: number;
  readonly accepted: number;
  readonly simulatedMs: number;
};

/** Loops look this long before something is due, and so have to be awake by then. */
const AWAKE_BEFORE_MS = 20_000;
/** So long after the last sign of work the world is at rest: each loop has looked since. */
const AT_REST_AFTER_MS = 12_000;
/** A pause in which timers are let be is worth it from here on. */
const LEAST_SKIP_MS = 10_000;
/** By then all that was asked for has ended: the longest wait and the longest life of a notification together. */
const LONGEST_CALM_MS = 4 * 86_400_000;

/** Runs a plan to its end, or to the first violation. */
export async function runWorld(plan: Plan, defect?: Defect): Promise<Outcome> {
  // What is loaded when it is first used would come in some turn of the event loop.
  for (const item of plan.items) if (item.who === 'act' && item.act.kind === 'schedule') await readCron(item.act.cron);
  const stage = new Stage(plan, defect);
  try {
    await play(stage);
    const { record, time, accepted } = stage;
    const { violation, tail, pushes, crashes } = record;
    const simulatedMs = time.nowMs - plan.startMs;
    return { violation, digest: record.digest(), tail, pushes, crashes, accepted: accepted.size, simulatedMs };
  } finally {
    await stage.end();
  }
}

async function play(stage: Stage): Promise<void> {
  const { plan, time, agenda, record, hosts } = stage;
  const inspection = new Inspection(stage);
  for (const { weather } of hosts) weather.slowMs = usualSlowMs(stage);
  stage.starting.push(...hosts);
  agenda.add(plan.startMs + 50, () => sayRules(stage));
  for (const item of plan.items)
    agenda.add(item.atMs, () => (item.who === 'act' ? begin(stage, item) : befall(stage, item.fault)));
  let isCalm = false;
  agenda.add(plan.endMs, () => {
    isCalm = true;
    calm(stage);
  });
  for (;;) {
    await time.settle();
    await stage.startThose();
    await time.settle();
    inspection.look(false);
    if (record.violation !== null) return;
    if (isAtRest(stage)) {
      inspection.look(true);
      stage.disk.tidy();
      if (record.violation !== null) return;
      const dueMs = inspection.nextDueMs();
      if (isCalm && dueMs === Number.POSITIVE_INFINITY && agenda.nextAtMs() === dueMs) return;
      skipTo(stage, Math.min(dueMs, agenda.nextAtMs()) - AWAKE_BEFORE_MS);
    }
    const isOver = isCalm && time.nowMs > plan.endMs + LONGEST_CALM_MS;
    record.judge(() => demand('ends', !isOver, () => 'days after the last call something is still to be looked at'));
    step(stage);
  }
}

/** What operators say of types in every world, once somebody is there to be told. */
function sayRules(stage: Stage): void {
  const process = stage.hosts.find(({ running }) => running !== null)?.running;
  if (!process) stage.agenda.add(stage.time.nowMs + 50, () => sayRules(stage));
  for (const [pattern, rule] of Object.entries(stage.plan.rules))
    void process?.types.put(pattern, rule).catch((error: unknown) => stage.failed('rules', error));
}

/** Nothing goes wrong any more, nothing is asked for, and all that was asked for has to end. */
function calm(stage: Stage): void {
  const { time, agenda } = stage;
  stage.record.note('calm', '');
  heal(stage);
  agenda.add(time.nowMs + 5000, () => {
    resume(stage, 'send');
    const process = stage.hosts.find(({ running }) => running !== null)?.running;
    for (const key of ['morning', 'often']) void process?.schedules.delete(key).catch(() => {});
  });
}

function isAtRest({ time, record }: Stage): boolean {
  // After a skip each loop looks once more.
  return time.nowMs - Math.max(record.stirredAtMs, record.wokeAtMs) > AT_REST_AFTER_MS;
}

/** As a machine that sleeps: what was to tick meanwhile ticks late, and would have found nothing. */
function skipTo({ time, record }: Stage, atMs: number): void {
  if (!Number.isFinite(atMs) || atMs - time.nowMs < LEAST_SKIP_MS) return;
  time.jumpTo(atMs);
  record.wokeAtMs = time.nowMs;
}

function step({ time, agenda, record }: Stage): void {
  const timerAtMs = time.nextAtMs() ?? Number.POSITIVE_INFINITY;
  if (agenda.nextAtMs() > timerAtMs) {
    time.fireNext();
    return;
  }
  time.jumpTo(agenda.nextAtMs());
  record.stirredAtMs = time.nowMs;
  agenda.doNext();
}
