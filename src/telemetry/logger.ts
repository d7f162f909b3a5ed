import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { summarize } from './error-summary.ts';

type LoggerOptions = {
  readonly level: string;
  /** For a person at a terminal: colours and short times. Otherwise one JSON object a line, for machines. */
  readonly pretty: boolean;
};

/**
 * Logs to standard output, or to `destination` where one is given. An error under `err` is told by its summary.
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
  if (!forPerson) return pino(options, destination ?? lineGroups());
  return pino(
    options,
    pretty({
      sync: true,
      colorize: true,
      translateTime: 'SYS:HH:MM:ss.l',
      // pino-pretty would write a field of this name as the place in the code that called: `INFO <key>:`.
      ignore: 'pid,hostname,caller',
      singleLine: true,
      // `error` is a text, so it stays on the line with the others.
      errorLikeObjectKeys: [],
      ...(destination === undefined ? {} : { destination }),
    }),
  );
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
  // A flush of the buffer that pino can keep itself does an fsync.
  const destination = pino.destination({ fd: 1, sync: true });
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
