import { setMaxListeners } from 'node:events';
import type { PushMessage } from '../../../src/domain/push-service/push-message.ts';
import type { PushResult } from '../../../src/domain/push-service/push-outcome.ts';
import type { Step } from '../../../src/emulator/behaviour.ts';
import type { Profile } from '../../../src/emulator/profile.ts';
import { PROFILES } from '../../../src/emulator/profiles.ts';
import {
  type ServiceBehaviour,
  type ServiceScript,
  startServiceScript,
} from '../../../src/emulator/service-behaviour.ts';
import type { PushTransport } from '../../../src/push/push-transport.ts';
import { reasonOf } from '../../../src/push/service-reason.ts';
import { type Climate, type Plan, SERVICES, type ServiceName, type Trouble } from '../plan/plan.ts';
import type { Dice } from './random.ts';
import { type Life, never, type WorldTime } from './world-time.ts';

const ORIGINS: Readonly<Record<ServiceName, string>> = {
  fcm: 'https://fcm.googleapis.com',
  mozilla: 'https://updates.push.services.mozilla.com',
  apple: 'https://web.push.apple.com',
  wns: 'https://wns2-par02p.notify.windows.com',
};
const ATTEMPT_TIMEOUT_MS = 10_000;

/** A push from the moment it was posted. `status` is what the service answered, and `acceptedAtMs` when it had taken it. */
export type Push = {
  readonly endpoint: string;
  readonly notificationId: string;
  readonly life: Life;
  readonly atMs: number;
  isUnderWay: boolean;
  status: number | null;
};

const FAIR: Climate = { fails: 0, gone: 0, refused: 0 };

/** What may be over at the next try. */
const PASSING: readonly Step[] = [
  { status: 503 },
  { status: 500 },
  { status: 503, retryAfterSeconds: 5 },
  { status: 429, retryAfterSeconds: 2 },
  { status: 400 },
  { fault: 'reset' },
  { fault: 'hang' },
];

/** Told of each push as it is posted. */
type OnPosted = (push: Push, message: PushMessage) => void;

type Service = {
  readonly profile: Profile;
  climate: Climate;
  script: ServiceScript;
  readonly devices: Map<string, number>;
};

/** The endpoint of a user's device, which leads to one of the services. */
export function endpointOf(service: ServiceName, user: number, device: number): string {
  const [path = '/'] = PROFILES[service].paths;
  return `${ORIGINS[service]}${path}u${user}d${device}${'x'.repeat(40)}`;
}

/** The push services of a world: their words are the emulator's, and there is no socket. */
export class PushServices {
  private readonly services: ReadonlyMap<string, Service>;
  private readonly troubled = new Set<ServiceName>();
  private readonly time: WorldTime;
  private readonly dice: Dice;
  private readonly onPosted: OnPosted;

  constructor(time: WorldTime, dice: Dice, climates: Plan['climates'], onPosted: OnPosted) {
    this.time = time;
    this.dice = dice;
    this.onPosted = onPosted;
    this.services = new Map(
      SERVICES.map((name) => [
        ORIGINS[name],
        { profile: PROFILES[name], climate: climates[name], script: startServiceScript([]), devices: new Map() },
      ]),
    );
  }

  /** Null: all is well again. */
  trouble(name: ServiceName, trouble: Trouble | null): void {
    const service = this.services.get(ORIGINS[name]);
    if (trouble === null) this.troubled.delete(name);
    else this.troubled.add(name);
    if (service !== undefined) service.script = startServiceScript(trouble === null ? [] : behaviourOf(name, trouble));
  }

  get areTroubled(): boolean {
    return this.troubled.size > 0;
  }

  heal(): void {
    for (const name of SERVICES) this.trouble(name, null);
    for (const service of this.services.values()) service.climate = FAIR;
  }

  /** How one process reaches them. */
  transportOf(life: Life): PushTransport {
    return {
      send: (message, signal, onPosted) => (life.isAlive ? this.send(life, message, signal, onPosted) : never()),
      close: async () => {},
    };
  }

  private async send(
    life: Life,
    message: PushMessage,
    signal: AbortSignal,
    onPosted?: () => void,
  ): Promise<PushResult> {
    if (signal.aborted) return { kind: 'failure', failure: 'aborted' };
    const { endpoint, payload } = message;
    const { notification_id: notificationId } = JSON.parse(payload) as { notification_id: string };
    // One signal ends all that is under way.
    setMaxListeners(0, signal);
    const push: Push = { endpoint, notificationId, life, atMs: this.time.nowMs, isUnderWay: true, status: null };
    this.onPosted(push, message);
    onPosted?.();
    const result = await this.answerTo(push, message, signal);
    push.isUnderWay = false;
    return life.isAlive ? result : never();
  }

  private async answerTo(push: Push, message: PushMessage, signal: AbortSignal): Promise<PushResult> {
    const { origin } = new URL(push.endpoint);
    const service = this.services.get(origin);
    if (service === undefined) return { kind: 'failure', failure: 'refused' };
    const device = service.devices.get(push.endpoint) ?? service.devices.size;
    service.devices.set(push.endpoint, device);
    const step = service.script.nextStep(device, this.time.nowMs) ?? this.stepIn(service.climate, device);
    const usualMs = this.dice.isTrue(0.8) ? this.dice.between(5, 150) : this.dice.between(200, 4000);
    const tookMs = step.fault === 'hang' ? ATTEMPT_TIMEOUT_MS : usualMs + (step.delayMs ?? 0);
    const isLate = tookMs >= ATTEMPT_TIMEOUT_MS;
    if (!(await this.waitFor(Math.min(tookMs, ATTEMPT_TIMEOUT_MS), signal)))
      return { kind: 'failure', failure: 'aborted' };
    if (isLate) return { kind: 'failure', failure: 'timeout' };
    if (step.fault === 'reset') return { kind: 'failure', failure: 'reset' };
    return answered(service.profile, step, push, message, origin);
  }

  /** What a device is like stays so; the rest is chance. */
  private stepIn({ fails, gone, refused }: Climate, device: number): Step {
    const place = ((device * 7 + 3) % 20) / 20;
    if (place < gone) return { status: 410 };
    if (place >= 1 - refused) return { status: 403 };
    return this.dice.isTrue(fails) ? this.dice.pick(PASSING) : {};
  }

  /** False where the sender gave up first. */
  private waitFor(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.time.wakeIn(ms, () => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      });
      const giveUp = (): void => {
        cancel();
        resolve(false);
      };
      signal.addEventListener('abort', giveUp);
    });
  }
}

function answered(profile: Profile, step: Step, push: Push, message: PushMessage, origin: string): PushResult {
  const { endpoint, keys, ttlSeconds } = message;
  const { status, headers, body } = profile.answer(step.status ?? 201, { origin, ttlSeconds });
  push.status = status;
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const secrets = [endpoint, keys.auth, keys.p256dh];
  const retryAfter =
    step.retryAfterSeconds === undefined ? (named['retry-after'] ?? null) : String(step.retryAfterSeconds);
  return {
    kind: 'response',
    status,
    retryAfter,
    reason: reasonOf({ status, headers: named, body: step.body ?? body, endpoint, secrets }),
  };
}

function behaviourOf(name: ServiceName, trouble: Trouble): ServiceBehaviour {
  const after = (seconds: number | null) => (seconds === null ? {} : { retryAfterSeconds: seconds });
  switch (trouble.kind) {
    case 'down':
      return [{ step: { status: trouble.status, ...after(trouble.retryAfterSeconds) } }];
    case 'throttles': {
      const status = name === 'wns' ? 406 : 429;
      const { abovePerSecond, retryAfterSeconds } = trouble;
      return [{ step: { status, ...after(retryAfterSeconds) }, abovePerSecond }];
    }
    case 'calls_gone':
      return [{ step: { status: 410 }, shareOfDevices: trouble.shareOfDevices }];
    case 'refuses_key':
      return [{ step: { status: 401 } }];
    case 'refuses_some':
      return [{ step: { status: 403 }, shareOfDevices: trouble.shareOfDevices }];
    case 'slow':
      return [{ step: { delayMs: trouble.delayMs } }];
    case 'hangs':
      return [{ step: { fault: 'hang' }, shareOfDevices: trouble.shareOfDevices }];
    case 'resets':
      return [{ step: { fault: 'reset' }, shareOfDevices: trouble.shareOfDevices }];
  }
}

export { ATTEMPT_TIMEOUT_MS };
