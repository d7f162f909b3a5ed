import { createECDH, randomBytes } from 'node:crypto';
import type { Behaviour, Step } from './behaviour.ts';
import { stepAt } from './behaviour.ts';
import { DecryptError, decryptPush, type ReceiverKeys } from './decrypt.ts';
import type { ProfileName } from './profile.ts';
import { isAccepting } from './profile.ts';
import type { PushLog, ReceivedPush } from './push-log.ts';

export type DeviceOptions = {
  /** For telling devices apart in what is recorded. */
  readonly name?: string;
  readonly behaviour?: Behaviour;
  /** The VAPID public key that the subscription is bound to; any key may push when there is none. */
  readonly applicationServerKey?: string;
};

/** What `PushSubscription.toJSON()` gives in a browser. */
export type SubscriptionJson = {
  readonly endpoint: string;
  readonly expirationTime: null;
  readonly keys: { readonly p256dh: string; readonly auth: string };
};

/** A browser with one subscription. */
export type Device = {
  readonly name: string;
  /** Its push service. */
  readonly profile: ProfileName;
  readonly subscription: SubscriptionJson;
  /** Accepted with a 2xx: what the device shows. */
  readonly received: readonly ReceivedPush[];
  /** Every request made to its endpoint, whatever became of it. */
  readonly requests: readonly ReceivedPush[];
  /** The script it follows. */
  behaviour(): Behaviour;
  /** Starts another script from its first step. */
  setBehaviour(behaviour: Behaviour): void;
  /** The next push accepted that was not given out before, past or to come. */
  nextPush(): Promise<ReceivedPush>;
  /** The next request that was not given out before, past or to come, answered or not. */
  nextRequest(): Promise<ReceivedPush>;
};

/** What the emulator does with a device, beside what its user does. */
export type ServedDevice = Device & {
  /** How many were made before it. */
  readonly index: number;
  readonly requiredKey: string | null;
  nextStep(): Step;
  /** A request is under way until it is over. Tells how many others are. */
  begin(isOver: Promise<void>): number;
  decrypt(body: Buffer): Pick<ReceivedPush, 'payload' | 'decryptProblem'>;
  recordRequest(push: ReceivedPush): void;
  /** Its status is known, or it is known that none will be sent. */
  recordAnswer(push: ReceivedPush): void;
};

export type DevicePlace = {
  readonly name: string;
  readonly profile: ProfileName;
  readonly index: number;
  readonly endpoint: string;
};

/** Makes a device with a key pair and authentication secret of its own. */
export function makeDevice(place: DevicePlace, options: DeviceOptions, log: PushLog): ServedDevice {
  const { endpoint, ...names } = place;
  const keys = makeKeys();
  const received: ReceivedPush[] = [];
  const requests: ReceivedPush[] = [];
  let behaviour = options.behaviour ?? [];
  let stepsTaken = 0;
  let pushesGiven = 0;
  let requestsGiven = 0;
  let underWay = 0;

  return {
    ...names,
    subscription: {
      endpoint,
      expirationTime: null,
      keys: { p256dh: keys.publicKey.toString('base64url'), auth: keys.authSecret.toString('base64url') },
    },
    received,
    requests,
    requiredKey: options.applicationServerKey ?? null,
    behaviour: () => behaviour,
    setBehaviour(steps) {
      behaviour = steps;
      stepsTaken = 0;
    },
    nextPush() {
      const index = pushesGiven++;
      return log.waitFor((push) => received[index] === push);
    },
    nextRequest() {
      const index = requestsGiven++;
      return log.waitFor((push) => requests[index] === push);
    },
    nextStep: () => stepAt(behaviour, stepsTaken++),
    begin(isOver) {
      void isOver.then(() => {
        underWay -= 1;
      });
      underWay += 1;
      return underWay - 1;
    },
    decrypt: (body) => decryptText(body, keys),
    recordRequest(push) {
      requests.push(push);
      log.add(push);
      log.announce(push);
    },
    recordAnswer(push) {
      if (push.status !== null && isAccepting(push.status)) received.push(push);
      log.announce(push);
    },
  };
}

function makeKeys(): ReceiverKeys {
  const curve = createECDH('prime256v1');
  const publicKey = curve.generateKeys();
  return { publicKey, privateKey: curve.getPrivateKey(), authSecret: randomBytes(16) };
}

function decryptText(body: Buffer, keys: ReceiverKeys): Pick<ReceivedPush, 'payload' | 'decryptProblem'> {
  try {
    return { payload: decryptPush(body, keys).toString('utf8'), decryptProblem: null };
  } catch (error) {
    if (!(error instanceof DecryptError)) throw error;
    return { payload: null, decryptProblem: error.message };
  }
}
