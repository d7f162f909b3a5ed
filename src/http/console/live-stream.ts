import { streamSSE } from 'hono/streaming';
import { AppError } from '../../domain/app-error.ts';
import type { Overview } from '../../intake/overview.ts';
import type { ApiContext } from '../kit/request-context.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { liveTexts } from './overview-page.ts';

const EVERY_MS = 2000;
/** Also how long a session that was ended goes on seeing counts. */
const LONGEST_MS = 5 * 60_000;
/** Browsers with a page open. */
const MOST_STREAMS = 100;

type Read = { readonly texts: Readonly<Record<string, string>>; readonly attention: readonly string[] };

/**
 * What the overview shows, as server-sent events: all texts first, then those that changed. However many watch, the counts are read
 * once in two seconds, and not at all where nobody does.
 */
export function addLiveStream(routes: ConsoleRoutes, { overview, clock, stopping }: ConsoleParts): void {
  const latest = sharedRead(async () => readOf(await overview.read()), clock);
  let streams = 0;
  routes.stream('live', async (c) => {
    if (streams >= MOST_STREAMS) throw new AppError('overloaded', 'Too many pages watch the overview already.');
    streams += 1;
    const end = () => {
      streams -= 1;
    };
    return streamChanges(c, { latest, stopping, end });
  });
}

type Source = { readonly latest: () => Promise<Read>; readonly stopping: AbortSignal; readonly end: () => void };

function streamChanges(c: ApiContext, { latest, stopping, end }: Source): Response {
  // nginx would keep events back until there are many.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, async (stream) => {
    const endsAtMs = Date.now() + LONGEST_MS;
    let shown: Readonly<Record<string, string>> = {};
    let told = '';
    try {
      while (!stream.aborted && !stopping.aborted && Date.now() < endsAtMs) {
        // A store in trouble may answer the next time.
        const read = await latest().catch(() => null);
        const changed = Object.entries(read?.texts ?? {}).filter(([name, text]) => shown[name] !== text);
        const needs = read === null ? told : JSON.stringify(read.attention);
        if (changed.length > 0 || needs !== told) {
          await stream.writeSSE({
            event: 'change',
            data: JSON.stringify({ texts: Object.fromEntries(changed), attention: read?.attention }),
          });
        } else await stream.write(': still here\n\n');
        shown = read?.texts ?? shown;
        told = needs;
        await waitFor(EVERY_MS, stopping);
      }
    } finally {
      end();
    }
  });
}

function readOf(state: Overview): Read {
  return { texts: liveTexts(state), attention: state.attention.map(({ says }) => says) };
}

/** Whoever asks within the time that one read is good for is given that one. */
function sharedRead(read: () => Promise<Read>, clock: { now(): number }): () => Promise<Read> {
  let last: { readonly atMs: number; readonly reading: Promise<Read> } | null = null;
  return () => {
    if (last === null || clock.now() - last.atMs >= EVERY_MS) last = { atMs: clock.now(), reading: read() };
    return last.reading;
  };
}

function waitFor(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      stopping.removeEventListener('abort', done);
      resolve();
    }
    stopping.addEventListener('abort', done);
  });
}
