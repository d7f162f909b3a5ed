import { Writable } from 'node:stream';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { logEvents } from '../../src/telemetry/event-log.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** One line of the log, without the time at which pino wrote it. */
export type Line = Readonly<Record<string, unknown>>;

/** The log as a process writes it where nobody watches: JSON lines. `text` is all of it. */
export function startLog() {
  const clock = createFakeClock();
  let written = '';
  const destination = new Writable({
    write(text, _, done) {
      written += text;
      done();
    },
  });
  const log = createLogger({ level: 'trace', pretty: false }, destination);
  const events = createEvents((error) => {
    throw error;
  });
  logEvents(events, log, clock);
  return {
    log,
    clock,
    tell(...told: readonly BellhopEvent[]): void {
      for (const event of told) events.publish(event);
    },
    text: () => written,
    lines: (): Line[] =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
        .map(({ time: _, ...line }) => line),
  };
}
