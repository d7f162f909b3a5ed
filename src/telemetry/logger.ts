import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { summarize } from './error-summary.ts';

export type LoggerOptions = {
  readonly level: string;
  /** For a person at a terminal: colours and short times. Otherwise one JSON object a line, for machines. */
  readonly pretty: boolean;
};

/**
 * Writes to standard output, synchronously, what one turn of the event loop had to say: a write for each line took a
 * twentieth of the processor time. A crash that runs the exit handlers loses nothing, a kill what nobody had seen yet.
 * An error under `err` is told by its summary. `destination` is in place of standard output.
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

/** As pino's own, but the text is made once for all the lines of a millisecond. */
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
  // Its own groups would be flushed with an fsync each.
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
