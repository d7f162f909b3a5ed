import { BellhopError } from './bellhop-error.ts';
import type { CallerOptions } from './caller.ts';
import type { BellhopEvent, EventStream, OpenEventStream } from './events.ts';
import { signedHeaders } from './signing.ts';

/** A comment comes every 15 seconds where nothing else does: whoever hears nothing for so long is connected to nobody. */
const LONGEST_SILENCE_MS = 45_000;

type Connection = {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly first: Uint8Array;
  readonly close: () => void;
};

/** Streams of one caller, each signed like every other call. */
export function createEventStreams(options: CallerOptions): OpenEventStream {
  return async (after, signal) => {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const close = (): void => {
      signal?.removeEventListener('abort', close);
      stop.abort();
    };
    signal?.addEventListener('abort', close, { once: true });
    const connection = await connect(options, after, { stop, close }).catch((error: unknown) => {
      close();
      signal?.throwIfAborted();
      throw error;
    });
    if (connection === null) close();
    return connection && eventsOf(connection, after, signal);
  };
}

async function connect(
  options: CallerOptions,
  after: number,
  { stop, close }: { readonly stop: AbortController; readonly close: () => void },
): Promise<Connection | null> {
  const path = `/v1/events?after=${after}`;
  const call = { keyId: options.keyId, method: 'GET', path, idempotencyKey: null, body: '' } as const;
  const headers = { ...(await signedHeaders(options.signer, call)), Accept: 'text/event-stream' };
  const init = { method: 'GET', headers, redirect: 'manual' as const, signal: stop.signal };
  // Not called as a method: some runtimes refuse that.
  const { fetch, timeoutMs } = options;
  const response = await within(timeoutMs, close, fetch(`${options.url}${path}`, init)).catch((cause: unknown) => {
    throw broken(options, 'no connection, or it broke', cause);
  });
  if (!response.ok) throw broken(options, `the answer is ${response.status}`);
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) return null;
  const reader = response.body.getReader();
  // The service says at once that it is there.
  const first = await within(timeoutMs, close, reader.read()).catch(() => null);
  return first?.value === undefined ? null : { reader, first: first.value, close };
}

async function* eventsOf(
  { reader, first, close }: Connection,
  after: number,
  signal: AbortSignal | undefined,
): EventStream {
  const decoder = new TextDecoder();
  let [last, text] = [after, ''];
  let chunk: Uint8Array | undefined = first;
  try {
    while (chunk !== undefined) {
      const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
      text = blocks.pop() ?? '';
      for (const { event, data } of blocks.map(fieldsOf)) {
        if (event === 'resync') return;
        if (data === undefined) continue;
        const told = JSON.parse(data) as BellhopEvent;
        if (told.sequence <= last) continue;
        last = told.sequence;
        yield told;
      }
      // Broken or ended, it is the same: what came after is read again.
      const next = await within(LONGEST_SILENCE_MS, close, reader.read()).catch(() => null);
      signal?.throwIfAborted();
      chunk = next?.value;
    }
  } finally {
    close();
  }
}

/** Of a block of lines, what stands behind `name: `. */
function fieldsOf(block: string): Readonly<Record<string, string>> {
  const fields = block
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]);
  return Object.fromEntries(fields);
}

/** Ends the whole connection where it takes longer. */
async function within<Result>(ms: number, close: () => void, waiting: Promise<Result>): Promise<Result> {
  const timer = setTimeout(close, ms);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
  }
}

function broken({ url }: CallerOptions, message: string, cause?: unknown): BellhopError {
  const text = `Bellhop at ${url} has no stream of events: ${message}.`;
  return new BellhopError(text, { code: 'connection_failed', requestId: '', cause });
}
