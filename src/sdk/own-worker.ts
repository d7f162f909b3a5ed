import { BellhopError } from './public.ts';
import { timeLimit } from './time-limit.ts';
import { trustedUrl } from './trusted-url.ts';
import type { PageMessage } from './worker-message.ts';

/** A device that is busy may take seconds to start a worker. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Null where this very scope has none; `getRegistration()` also finds that of a wider one. */
export async function registrationIn(scope: string): Promise<ServiceWorkerRegistration | null> {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  return registration?.scope === scope ? registration : null;
}

/**
 * Resolves once the worker at this address is active and answers as one that shows Bellhop's pushes. A scope has one active
 * worker, and browsers keep the former one for as long as a page of the site is open; here the new one takes over at once:
 * the former one would be given pushes that it does not understand. Rejects with `worker_failed` or `worker_conflict`.
 */
export async function activateOwnWorker(workerUrl: string, scope: string): Promise<ServiceWorkerRegistration> {
  try {
    const registration = await navigator.serviceWorker.register(trustedUrl(workerUrl), { scope });
    const { active } = registration;
    const other = active?.scriptURL === workerUrl ? undefined : active?.scriptURL;
    if (active && !other) {
      if (await answers(active)) return registration;
      // It may be a version from before the line that imports Bellhop's worker.
      await registration.update();
    }
    const successor = registration.installing ?? registration.waiting;
    if (successor) {
      await reached(successor, /^(?!installing)/);
      tell(successor, 'take_over');
    }
    if (!successor || !(await answers(successor))) throw conflict(registration, workerUrl);
    if (other) console.warn(`Bellhop: ${workerUrl} took the place of ${other}. ${REMEDY}`);
    return registration;
  } catch (cause) {
    if (cause instanceof BellhopError) throw cause;
    throw new BellhopError('worker_failed', `The service worker ${workerUrl} could not be installed: ${cause}`, {
      cause,
    });
  }
}

const REMEDY =
  'A scope has one worker: import Bellhop’s into the other one and name that as serviceWorkerUrl, or set another serviceWorkerScope.';

function conflict({ active }: ServiceWorkerRegistration, workerUrl: string): BellhopError {
  const what =
    active && active.scriptURL !== workerUrl
      ? `${active.scriptURL} stays active in place of ${workerUrl}. ${REMEDY}`
      : `${workerUrl} does not import Bellhop’s worker.`;
  return new BellhopError('worker_conflict', what);
}

/** Whether it becomes active, if it is not, and shows Bellhop's pushes. */
async function answers(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  const ask = async (): Promise<boolean> => {
    await reached(worker, /activated/);
    return new Promise((resolve) => {
      port1.onmessage = () => resolve(true);
      tell(worker, 'answer', port2);
    });
  };
  return Promise.race([ask(), timeLimit(ANSWER_TIMEOUT_MS)]).catch(() => false);
}

function reached(worker: ServiceWorker, states: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (worker.state === 'redundant') reject(new Error('its installation failed'));
      if (states.test(worker.state)) resolve();
    };
    worker.addEventListener('statechange', look);
    look();
  });
}

function tell(worker: ServiceWorker, what: PageMessage['bellhop'], ...ports: MessagePort[]): void {
  worker.postMessage({ bellhop: what } satisfies PageMessage, ports);
}
