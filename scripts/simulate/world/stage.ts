import { AppError } from '../../../src/domain/app-error.ts';
import type { BellhopEvent } from '../../../src/domain/events.ts';
import type { Job } from '../../../src/queue/job-queue.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import type { Store } from '../../../src/store/store.ts';
import { Referee } from '../checks/referee.ts';
import { Violated } from '../checks/violation.ts';
import type { Plan } from '../plan/plan.ts';
import { Agenda } from './agenda.ts';
import { CoordinationLink } from './coordination-link.ts';
import { type Cut, Disk } from './disk.ts';
import { Host } from './host.ts';
import { JobLink } from './job-link.ts';
import { PushServices } from './push-services.ts';
import { diceFor } from './random.ts';
import { Record } from './record.ts';
import { WebhookReceivers } from './webhook-receivers.ts';
import { clockOf, Life, WorldTime } from './world-time.ts';

/** Puts a defect in front of the real store, or the real queue. Only tests of the simulator itself have any. */
export type Defect = {
  readonly store?: (store: Store, database: Database) => Store;
  readonly job?: (job: Job) => Job;
};

/** The parts of a world, and how they come and go. */
export class Stage {
  readonly plan: Plan;
  readonly time: WorldTime;
  readonly agenda = new Agenda();
  readonly record: Record;
  readonly disk: Disk;
  readonly jobs: JobLink;
  readonly services: PushServices;
  readonly receivers: WebhookReceivers;
  readonly referee: Referee;
  readonly hosts: readonly Host[];
  /** By key of the call, the notification that a caller was told of. */
  readonly accepted = new Map<string, string>();
  /** Processes that are to be started once the world is at a stand. */
  readonly starting: Host[] = [];
  diskSlowMs = 0;
  /**
   * Notifications that were on their way while a user was erased: between two pages of a named list the random name may count twice, or not
   * at all (decision 40). And when that was: what came at that time may be among them.
   */
  readonly amongErased = { ids: new Set<string>(), atMs: [] as number[] };
  /** Somebody asked for it, and nobody has resumed since. */
  isPaused = false;
  onPowerLoss: () => void = () => {};
  private store: Store | null = null;
  private readonly defect: Defect;

  constructor(plan: Plan, defect: Defect = {}) {
    this.plan = plan;
    this.defect = defect;
    const time = new WorldTime(plan.startMs);
    this.time = time;
    this.record = new Record(time);
    const diskDice = diceFor(plan.seed, 'disk');
    this.disk = new Disk({
      syncMs: () => (this.diskSlowMs === 0 ? null : diskDice.between(1, this.diskSlowMs)),
      sleep: (ms) => time.sleep(ms),
    });
    const judge = (check: () => void): void => this.record.judge(check);
    const change = defect.job ?? ((job) => job);
    this.jobs = new JobLink({ time, judge, change, dice: diceFor(plan.seed, 'jobs') });
    this.referee = new Referee({ plan, time, judge, database: () => this.database });
    this.services = new PushServices(time, diceFor(plan.seed, 'services'), plan.climates, (push, message) => {
      this.record.pushes += 1;
      this.record.note('push', `${push.notificationId} to ${push.endpoint.slice(8, 60)}`);
      this.referee.posted(push, message);
    });
    this.receivers = new WebhookReceivers(time, diceFor(plan.seed, 'receivers'), plan.webhooksFail);
    this.hosts = this.makeHosts();
  }

  get isEmbedded(): boolean {
    return this.plan.deployment.kind === 'embedded';
  }

  get database(): Database {
    return this.disk.open.database;
  }

  /** Between two things that happen: opening the file takes turns of the event loop that nobody can count. */
  async startThose(): Promise<void> {
    for (const host of this.starting.splice(0)) {
      if (host.isUp) continue;
      if (!this.disk.isOpen) await this.open(host);
      void host.start().catch((error: unknown) => this.failed('start', error));
    }
  }

  /** The process of a host dies now. The only process of a store takes it along. */
  crash(host: Host, cut: Cut = 'process'): void {
    if (!host.isUp) return;
    this.record.crashes += 1;
    this.record.note('crash', `of process ${host.index}`);
    host.die();
    if (this.isEmbedded) this.cutOff(cut);
  }

  /** Everything stops at once, and the disk keeps what it had confirmed. */
  losePower(): void {
    this.record.note('power loss', '');
    this.record.crashes += 1;
    for (const host of this.hosts) host.die();
    this.cutOff('power');
  }

  /** The one process of a store has ended in good order. */
  leave(): void {
    if (this.isEmbedded) this.cutOff('process');
  }

  /** What a part tells that failed. A store that is away is no wonder. */
  failed(part: string, error: unknown): void {
    if (error instanceof AppError && error.code === 'store_unavailable') return;
    const words =
      error instanceof Error ? `${error.message} ${error.stack?.split('\n')[1]?.trim() ?? ''}` : String(error);
    this.record.judge(() => {
      throw new Violated('parts', `${part} failed: ${words}`);
    });
  }

  /** All of it goes. */
  async end(): Promise<void> {
    for (const host of this.hosts) host.die();
    await this.time.settle();
    this.disk.remove();
  }

  private cutOff(cut: Cut): void {
    if (!this.disk.isOpen) return;
    this.disk.cut(cut);
    this.store = null;
    if (cut !== 'power') return;
    this.referee.afterPowerLoss();
    this.onPowerLoss();
  }

  private async open(host: Host): Promise<void> {
    const clock = { ...clockOf(this.time, new Life(0)), now: () => host.clockMs };
    const { store, database } = await this.disk.start(clock);
    this.store = this.defect.store?.(store, database) ?? store;
  }

  private makeHosts(): readonly Host[] {
    const { plan, time, jobs, services, receivers, referee } = this;
    const coordination = this.isEmbedded ? null : new CoordinationLink(time);
    const shared = { plan, time, jobs, services, receivers, coordination };
    return Array.from({ length: plan.deployment.hosts }, (_, index) => {
      return new Host({
        ...shared,
        index,
        dice: diceFor(plan.seed, `host ${index}`),
        storeFor: (life) => {
          if (this.store === null) throw new Error('no store is open');
          return referee.watched(this.store, life, clockOf(time, life));
        },
        onEvent: (from, event) => this.onEvent(from, event),
        onListenerError: (error) => this.failed('listener', error),
      });
    });
  }

  private onEvent(from: number, event: BellhopEvent): void {
    this.record.event(from, event);
    if (event.type === 'part.failed') this.failed(event.part, event.error);
    if (event.type === 'tallies.corrected') this.failed('tallies', new Error(JSON.stringify(event.miscounts)));
  }
}
