import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Clock } from '../../clock.ts';
import { isFinal } from '../../domain/delivery/delivery.ts';
import type { Demo, DemoView } from '../../intake/demo.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { deliveryWire } from '../v1/delivery-schema.ts';
import { notificationWire } from '../v1/notification-schema.ts';

export type DemoStreamOptions = {
  readonly demo: Demo;
  readonly clock: Clock;
  /** Aborted when the service stops. */
  readonly stopping: AbortSignal;
};

/** Another process tells us nothing, and a claim is no event: the store is read again this often. */
const LOOK_EVERY_MS = 1000;
/** A proxy cuts what says nothing, and a browser that vanished shows only when something is written. */
const SAY_SOMETHING_EVERY_MS = 15_000;
/** A page that still wants it connects again by itself. */
const LONGEST_MS = 15 * 60 * 1000;

/**
 * What becomes of a notification, as server-sent events: `view` whenever it changed, each complete, so that a page that
 * missed one has lost nothing; `end` after the last. Frees everything when the page goes or the service stops.
 */
export function streamViews(
  c: ApiContext,
  { demo, clock, stopping }: DemoStreamOptions,
  first: DemoView,
  { userId, onEnd }: { readonly userId: string; readonly onEnd: () => void },
): Response {
  const { id } = first.notification;
  const bell = createBell(clock);
  const stopListening = demo.onChange(id, bell.ring);
  stopping.addEventListener('abort', bell.ring);
  // nginx would keep events back until it has many.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, async (stream) => {
    stream.onAbort(bell.ring);
    try {
      await writeViews(stream, first, {
        view: () => demo.view(userId, id),
        isOver: () => stopping.aborted,
        bell,
        clock,
      });
    } finally {
      stopListening();
      stopping.removeEventListener('abort', bell.ring);
      onEnd();
    }
  });
}

type Source = {
  readonly view: () => Promise<DemoView>;
  readonly isOver: () => boolean;
  readonly bell: Bell;
  readonly clock: Clock;
};

async function writeViews(stream: SSEStreamingApi, first: DemoView, source: Source): Promise<void> {
  const { clock, bell, isOver } = source;
  const endsAtMs = clock.now() + LONGEST_MS;
  let view: DemoView | null = first;
  let written = '';
  let writtenAtMs = clock.now();
  while (!stream.aborted && !isOver() && clock.now() < endsAtMs) {
    const data = view === null ? written : JSON.stringify(viewWire(view));
    if (data !== written) await stream.writeSSE({ event: 'view', data });
    else if (clock.now() - writtenAtMs >= SAY_SOMETHING_EVERY_MS) await stream.write(': still here\n\n');
    else {
      await bell.wait(LOOK_EVERY_MS);
      // A store that has trouble for a moment is asked again.
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

function viewWire({ notification, deliveries }: DemoView) {
  return { notification: notificationWire(notification), deliveries: deliveries.map(deliveryWire) };
}

type Bell = { ring(): void; wait(ms: number): Promise<void> };

/** Wakes who waits, and lets who was busy when it rang not wait at all. */
function createBell(clock: Clock): Bell {
  let hasRung = false;
  let wake: () => void = () => {};
  return {
    ring() {
      hasRung = true;
      wake();
    },
    wait: (ms) =>
      new Promise((resolve) => {
        const cancel = clock.wakeAt(hasRung ? clock.now() : clock.now() + ms, () => wake());
        wake = () => {
          cancel();
          hasRung = false;
          wake = () => {};
          resolve();
        };
      }),
  };
}
