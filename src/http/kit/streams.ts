import { orAborted } from '../../domain/or-aborted.ts';

/** A body that is read while it arrives, or that was put aside until it was known whose it is. */
export type BodyStream = {
  /** Rejects with `invalid_request` where the body breaks off. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Nobody reads on. Harmless when repeated. */
  close(): Promise<void>;
};

/** Text as a body that is made while it is read. `source` is let go of when nobody reads on. */
export function streamOf(text: AsyncGenerator<string>, source: Pick<BodyStream, 'close'>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await text.next();
        if (!done) return controller.enqueue(encoder.encode(value));
        await source.close();
        controller.close();
      },
      async cancel() {
        // In this order: what waits for more to read ends with the source.
        await source.close();
        await text.return(undefined);
      },
    },
    // Nothing is read ahead of whoever takes it.
    { highWaterMark: 0 },
  );
}

/** What comes until the signal is aborted. What was begun by then is not waited for. */
export async function* untilAborted<Item>(items: AsyncGenerator<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  try {
    while (!signal.aborted) {
      const read = await orAborted(items.next(), signal);
      if (read === null || read.done) return;
      yield read.value;
    }
  } finally {
    void items.return(undefined).catch(() => {});
  }
}
