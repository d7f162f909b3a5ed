import { demand } from '../checks/violation.ts';
import type { Act, Item } from '../plan/plan.ts';
import { perform } from './acting.ts';
import type { Host } from './host.ts';
import type { Stage } from './stage.ts';

const SECOND_MS = 1000;
/** A caller who gets no answer, or finds nobody, calls again after so long. */
const CALLS_AGAIN_MS = 5 * SECOND_MS;
const MOST_CALLS = 400;

/** Has an act done by one of the processes that are up. Whoever gets no answer calls again, with the same key. */
export function begin(stage: Stage, { id, host, act }: Extract<Item, { who: 'act' }>): void {
  call(stage, { act, host, key: `call-${id}` }, 0);
  const againSeconds = act.kind === 'send' ? act.send.againSeconds : null;
  if (againSeconds === null) return;
  stage.agenda.add(stage.time.nowMs + againSeconds * SECOND_MS, () => {
    call(stage, { act, host: host + 1, key: `call-${id}` }, 0);
  });
}

type Call = { readonly act: Act; readonly host: number; readonly key: string };

function call(stage: Stage, asked: Call, calls: number): void {
  const { time, record } = stage;
  const up = stage.hosts.filter(({ running }) => running !== null);
  const host: Host | undefined = up[(asked.host + calls) % Math.max(1, up.length)];
  let isAnswered = false;
  if (calls < MOST_CALLS)
    stage.agenda.add(time.nowMs + CALLS_AGAIN_MS, () => {
      if (!isAnswered && host?.running !== process) call(stage, asked, calls + 1);
    });
  const process = host?.running ?? null;
  if (host === undefined || process === null) return;
  const { act, key } = asked;
  if (act.kind === 'pause') stage.isPaused = true;
  if (act.kind === 'erase') noteUnfinished(stage);
  record.note(`act by ${host.index}`, JSON.stringify(act));
  const accepted = (of: string, notificationId: string): void => {
    const before = stage.accepted.get(of);
    stage.accepted.set(of, notificationId);
    const message = () => `${of} was answered with ${before} first, and then with ${notificationId}`;
    record.judge(() => demand('accepted', before === undefined || before === notificationId, message));
  };
  perform(act, { process, key, accepted, nowMs: host.clockMs, database: stage.database }).then(
    () => {
      isAnswered = true;
      if (act.kind === 'pause') resumeLater(stage, act);
    },
    (error: unknown) => stage.failed(`act ${act.kind}`, error),
  );
}

function noteUnfinished({ database, amongErased, time }: Stage): void {
  const sql = 'SELECT id FROM notifications WHERE fan_out_cursor IS NOT NULL OR due_at IS NOT NULL';
  for (const { id } of database.all<{ id: string }>(sql)) amongErased.ids.add(id);
  amongErased.atMs.push(time.nowMs);
}

function resumeLater(stage: Stage, { forSeconds, waiting }: Extract<Act, { kind: 'pause' }>): void {
  stage.agenda.add(stage.time.nowMs + forSeconds * SECOND_MS, () => resume(stage, waiting));
}

/** Whichever process is up first. */
export function resume(stage: Stage, waiting: 'send' | 'drop'): void {
  const again = (): void => stage.agenda.add(stage.time.nowMs + SECOND_MS, () => resume(stage, waiting));
  const process = stage.hosts.find(({ running }) => running !== null)?.running;
  const resumed = (): void => {
    stage.isPaused = false;
  };
  if (process) process.sending.resume(waiting).then(resumed, () => again());
  else again();
}
