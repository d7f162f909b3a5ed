import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type LoggerOptions = {
  readonly level: string;
  /** For a person at a terminal: colours and short times. Otherwise one JSON object a line, for machines. */
  readonly pretty: boolean;
};

/** Writes to standard output, synchronously: the last lines before a crash are the ones that matter. */
export function createLogger({ level, pretty: forPerson }: LoggerOptions): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  if (!forPerson) return pino(options, pino.destination({ fd: 1, sync: true }));
  return pino(
    options,
    pretty({ sync: true, colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', singleLine: true }),
  );
}

function levelName(label: string): { level: string } {
  return { level: label };
}
