import { createLoneCoordination } from '../../../src/coordination/alone.ts';
import type { BellhopEvent } from '../../../src/domain/events.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Plan } from '../plan/plan.ts';
import type { CoordinationLink } from './coordination-link.ts';
import { type JobLink, ROOMY } from './job-link.ts';
import { createProcess, type Process } from './process.ts';
import type { PushServices } from './push-services.ts';
import type { Dice } from './random.ts';
import { type LinkWeather, storeLink } from './store-link.ts';
import type { WebhookReceivers } from './webhook-receivers.ts';
import { clockOf, Life, never, type WorldTime } from './world-time.ts';

export type HostOptions = {
  readonly index: number;
  readonly plan: Plan;
  readonly time: WorldTime;
  readonly dice: Dice;
  readonly jobs: JobLink;
  /** Null where the process is alone. */
  readonly coordination: CoordinationLink | null;
  readonly services: PushServices;
  readonly receivers: WebhookReceivers;
  /** The store as the process of this life works with it. */
  readonly storeFor: (life: Life) => Store;
  readonly onEvent: (host: number, event: BellhopEvent) => void;
  readonly onListenerError: (error: unknown) => void;
};

const USUAL_SLOW_SHARE = 0.5;
/** Small enough that a burst fills some. */
const CAPACITIES = [3, 20, ROOMY, ROOMY];

/** A machine on which one process runs at a time. Its clock goes on when the process dies. */
export class Host {
  readonly index: number;
  readonly weather: LinkWeather = { slowMs: 0, isAway: false, fuse: null };
  private readonly options: HostOptions;
  private life: Life | null = null;
  private process: Process | null = null;
  skewMs = 0;

  constructor(options: HostOptions) {
    this.options = options;
    this.index = options.index;
  }

  /** The process, once it has started and as long as it lives. */
  get running(): Process | null {
    return this.life?.isAlive === true ? this.process : null;
  }

  get isUp(): boolean {
    return this.life?.isAlive === true;
  }

  get clockMs(): number {
    return this.options.time.nowMs + this.skewMs;
  }

  jump(byMs: number): void {
    this.skewMs += byMs;
    if (this.life !== null) this.life.skewMs = this.skewMs;
  }

  async start(): Promise<void> {
    if (this.isUp) return;
    const { plan, time, dice, jobs, services, receivers, coordination, index } = this.options;
    const life = new Life(this.skewMs);
    this.life = life;
    const clock = clockOf(time, life);
    const store = this.options.storeFor(life);
    const slowShare = USUAL_SLOW_SHARE;
    const process = createProcess({
      plan,
      clock,
      store: storeLink(store, { life, weather: this.weather, time, dice, slowShare }),
      queue: jobs.join(life, clock, dice.pick(CAPACITIES)),
      coordination: coordination?.join(life, clock) ?? createLoneCoordination(),
      transport: services.transportOf(life),
      post: receivers.postOf(life),
      random: dice.next,
      onEvent: (event) => this.options.onEvent(index, event),
      onListenerError: this.options.onListenerError,
    });
    await process.start();
    if (life.isAlive) this.process = process;
  }

  /** In this very instant. */
  die(): void {
    if (this.life !== null) this.life.isAlive = false;
    this.process = null;
    this.weather.fuse = null;
  }

  /** In good order. Never resolves where it dies before. */
  async stop(): Promise<void> {
    const { life, process } = this;
    await process?.stop();
    if (life?.isAlive !== true) return never();
    this.die();
  }
}
