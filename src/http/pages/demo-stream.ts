import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Clock } from '../../clock.ts';
import { isFinal } from '../../domain/delivery/delivery.ts';
import type { Demo, DemoView } from '../../intake/demo.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { isoOf } from '../kit/wire-fields.ts';
import { deliveryWire } from '../v1/delivery-schema.ts';
import { notificationWire } from '../v1/notification-answer.ts';

export type DemoStreamOptions = {
  readonly demo: Demo;
  readonly clock: Clock;
  /** Aborted when the service stops. */
  readonly stopping: AbortSignal;
};

/** How often the store is read again: a change by another process is no event here, and a claim is no event at all. */
const READ_EVERY_MS = 1000;
/** A proxy cuts a silent connection, and only a write shows that a browser has vanished. */
const KEEP_ALIVE_EVERY_MS = 15_000;
/** A page that still shows the notification then connects again by itself. */
const MAX_STREAM_MS = 15 * 60 * 1000;

/**
 * What becomes of a notification, as server-sent events: `view` after each change, and `end` after the last view. Each view
 * is complete, so that a page that missed one has lost nothing. Calls `onEnd` and lets go of every listener when the page
 * goes or the service stops.
 */
export function streamViews(
  c: ApiContext,
  { demo, clock, stopping }: DemoStreamOptions,
  first: DemoView,
  { userId, onEnd }: { readonly userId: string; readonly onEnd: () => void },
): Response {
  const { id } = first.notification;
  const sleeper = createSleeper(clock);
  const stopListening = demo.onChange(id, sleeper.wake);
  stopping.addEventListener('abort', sleeper.wake);
  // nginx would keep events back until there are many.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, async (stream) => {
    stream.onAbort(sleeper.wake);
    try {
      await writeViews(stream, first, {
        view: () => demo.view(userId, id),
        isStopping: () => stopping.aborted,
        sleeper,
        clock,
      });
    } finally {
      stopListening();
      stopping.removeEventListener('abort', sleeper.wake);
      onEnd();
    }
  });
}

type Source = {
  readonly view: () => Promise<DemoView>;
  readonly isStopping: () => boolean;
  readonly sleeper: Sleeper;
  readonly clock: Clock;
};

async function writeViews(stream: SSEStreamingApi, first: DemoView, source: Source): Promise<void> {
  const { clock, sleeper, isStopping } = source;
  const endsAtMs = clock.now() + MAX_STREAM_MS;
  let view: DemoView | null = first;
  let written = '';
  let writtenAtMs = clock.now();
  while (!stream.aborted && !isStopping() && clock.now() < endsAtMs) {
    const data = view === null ? written : JSON.stringify(viewWire(view));
    if (data !== written) await stream.writeSSE({ event: 'view', data });
    else if (clock.now() - writtenAtMs >= KEEP_ALIVE_EVERY_MS) await stream.write(': still here\n\n');
    else {
      await sleeper.sleep(READ_EVERY_MS);
      // A store in trouble may answer the next time.
      view = await source.view().catch(() => null);
      continue;
    }
    written = data;
    writtenAtMs = clock.now();
    if (view !== null && isEnded(view)) return void (await stream.writeSSE({ event: 'end', data: '' }));
  }
}

function isEnded({ notification, deliveries }: DemoView): boolean {
  return notification.status === 'completed' && deliveries.every(({ state }) => isFinal(state));
}

function viewWire({ notification, deliveries, explanation }: DemoView) {
  return {
    notification: notificationWire(notification),
    deliveries: deliveries.map(deliveryWire),
    explanation: explanation && {
      reason: explanation.became?.suppression?.reason ?? null,
      sentence: explanation.account.sentence,
      at: isoOf(explanation.atMs),
    },
  };
}

type Sleeper = { wake(): void; sleep(ms: number): Promise<void> };

/** `wake` ends a sleep at once. A `wake` while nothing sleeps ends the next sleep at once, so that no change is missed. */
function createSleeper(clock: Clock): Sleeper {
  let isWoken = false;
  let endSleep: () => void = () => {};
  return {
    wake() {
      isWoken = true;
      endSleep();
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        const cancel = clock.wakeAt(isWoken ? clock.now() : clock.now() + ms, () => endSleep());
        endSleep = () => {
          cancel();
          isWoken = false;
          endSleep = () => {};
          resolve();
        };
      }),
  };
}
