import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';
import { printable, printableLines } from '../domain/printable-text.ts';
import { summarize } from './error-summary.ts';

/** What only a terminal needs is loaded only there: a tenth of a start. */
const require = createRequire(import.meta.url);

type LoggerOptions = {
  readonly level: string;
  /** For a person at a terminal: colours and short times. Otherwise one JSON object a line, for machines. */
  readonly pretty: boolean;
};

/**
 * Logs to standard output, or to `destination` where one is given. An error under `err` is told by its summary, and what
 * cannot be seen is escaped: user ids, topics and paths are other people's text.
 *
 * All lines of one turn of the event loop are written at once and synchronously: a write for each line took a twentieth of
 * the processor time. When the process exits or throws, no line is lost; when it is killed, those of its last turn are.
 */
export function createLogger({ level, pretty: forPerson }: LoggerOptions, destination?: NodeJS.WritableStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: isoTime(),
    formatters: { level: levelName },
    serializers: { err: summarize },
  };
  return pino(
    options,
    forPerson ? forTerminal(destination ?? standardOutput()) : forMachines(destination ?? lineGroups()),
  );
}

type Destination = { write(text: string): unknown };

function forMachines(destination: Destination): DestinationStream {
  return { write: (line) => void destination.write(printableLines(line)) };
}

function forTerminal(destination: Destination): DestinationStream {
  const { prettyFactory }: typeof import('pino-pretty') = require('pino-pretty');
  const prettify = prettyFactory({
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    // pino-pretty would write a field of this name as the place in the code that called: `INFO <key>:`.
    ignore: 'pid,hostname,caller',
    singleLine: true,
    // `error` is a text, so it stays on the line with the others.
    errorLikeObjectKeys: ['err'],
  });
  // Before the colours come in, which are control characters themselves.
  const seen = (_: string, value: unknown) => (typeof value === 'string' ? printable(value) : value);
  return { write: (line) => void destination.write(prettify(JSON.parse(line, seen))) };
}

/** As pino's own, but made once for all the lines of a millisecond. */
function isoTime(): () => string {
  let atMs = 0;
  let text = '';
  return () => {
    const nowMs = Date.now();
    if (nowMs !== atMs) {
      atMs = nowMs;
      text = `,"time":"${new Date(nowMs).toISOString()}"`;
    }
    return text;
  };
}

function levelName(label: string): { level: string } {
  return { level: label };
}

function lineGroups(): DestinationStream {
  const destination = standardOutput();
  let lines = '';
  const flush = (): void => {
    if (lines === '') return;
    const group = lines;
    lines = '';
    destination.write(group);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}

/** Of the log while a full disk takes none of it: what comes then is lost. */
const MOST_UNWRITTEN_OCTETS = 16 * 1024 * 1024;

/** Without a buffer of its own: a flush of that does an fsync. */
function standardOutput(): Destination {
  const destination = pino.destination({ fd: 1, sync: true, maxLength: MOST_UNWRITTEN_OCTETS });
  // The service outlives its log. What could not be written is tried again with the next lines.
  destination.on('error', () => {});
  return destination;
}
