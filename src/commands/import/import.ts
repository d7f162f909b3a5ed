import process from 'node:process';
import { type Config, parseConfig } from '../../config/config.ts';
import { readEnvironment, readText } from '../../config/environment.ts';
import { AppError } from '../../domain/app-error.ts';
import { printable, printableLines } from '../../domain/printable-text.ts';
import { readVapidPublicKey } from '../../domain/push-service/vapid-key.ts';
import type { Given } from '../command.ts';
import { type Entry, UnreadableFile } from './entry.ts';
import { strangeNames } from './field-names.ts';
import { type ImportLine, type Note, readLine } from './import-line.ts';
import { type Input, openInput, unreadable } from './input.ts';
import { type ImportOptions, importOptionsOf } from './options.ts';
import { createReport, type Report } from './report.ts';
import { createSender, type Sender, ServiceAway } from './sender.ts';
import { bringKeys, type ImportKeys } from './vapid-keys.ts';

const SOME_REFUSED = 1;
const NOTHING_DONE = 2;

/** A call of the service takes 1000; with fewer, others have their turn sooner. */
const LINES_AT_ONCE = 500;
/** Half of what a body may have. */
const LENGTH_AT_ONCE = 1024 * 1024;

type Waiting = { readonly line: number; readonly sent: ImportLine; readonly notes: readonly Note[] };

/** Takes over the subscriptions in a file, and tells what became of each. Gives the exit code. */
export async function runImport(given: Given): Promise<number> {
  const options = importOptionsOf(given);
  if (typeof options === 'string') return tell(process.stderr, `bellhop import: ${printable(options)}\n`, NOTHING_DONE);
  try {
    const config = parseConfig(readEnvironment(), readText);
    const input = await openInput(options.path, options.format);
    const keys = await bringKeys(options, config);
    return await importAll(options, input, keys, config);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return tell(process.stderr, printableLines(`${nameOf(options)}: ${error.message}\n`), NOTHING_DONE);
  }
}

async function importAll(options: ImportOptions, input: Input, keys: ImportKeys, config: Config): Promise<number> {
  const report = createReport(options.report);
  const people = options.report === '-' ? process.stderr : process.stdout;
  try {
    const send = createSender(config, options);
    await importEntries(input.entries, { report, keys, send, map: options.map });
  } catch (error) {
    const isKnown = error instanceof ServiceAway || error instanceof AppError || error instanceof UnreadableFile;
    const why = isKnown ? error : unreadable(error);
    if (report.lines === 0)
      return tell(process.stderr, `Nothing was imported. ${printable(why.message)}\n`, NOTHING_DONE);
    return tell(people, `${summaryOf(options, input, report)}\n${brokenOff(report, why)}`, SOME_REFUSED);
  } finally {
    await report.close();
  }
  if (report.lines === 0) throw new UnreadableFile('There is no line with a subscription in it.');
  return tell(people, summaryOf(options, input, report), report.refused === 0 ? 0 : SOME_REFUSED);
}

type ImportParts = Pick<ImportOptions, 'map'> & {
  readonly report: Report;
  readonly keys: ImportKeys;
  readonly send: Sender;
};

async function importEntries(entries: AsyncIterable<Entry>, parts: ImportParts): Promise<void> {
  const { report, keys, map } = parts;
  let batch: Waiting[] = [];
  let length = 0;
  for await (const entry of entries) {
    if ('record' in entry) report.ignore(strangeNames(entry.record, map));
    const reading =
      'refusal' in entry
        ? { kind: 'refused' as const, refusal: entry.refusal }
        : readLine(entry.record, { map, vapidPublicKey: keys.byDefault });
    if (reading.kind === 'refused') {
      await report.add(entry.line, { result: 'refused', subscription_id: null, ...reading.refusal }, []);
      continue;
    }
    batch.push({ line: entry.line, sent: withStandIn(reading.line, keys), notes: reading.notes });
    length += JSON.stringify(reading.line).length;
    if (batch.length < LINES_AT_ONCE && length < LENGTH_AT_ONCE) continue;
    await sendBatch(batch, parts);
    batch = [];
    length = 0;
  }
  await sendBatch(batch, parts);
}

async function sendBatch(batch: readonly Waiting[], { report, send }: ImportParts): Promise<void> {
  if (batch.length === 0) return;
  const outcomes = await send(batch.map(({ sent }) => sent));
  for (const [at, { line, notes }] of batch.entries()) {
    const { result, subscription_id, code, reason } = outcomes[at] ?? NO_OUTCOME;
    await report.add(line, { result, subscription_id, code, reason }, notes);
  }
}

const NO_OUTCOME = { result: 'refused', subscription_id: null, code: 'internal_error', reason: 'There was no answer.' };

function withStandIn(line: ImportLine, { standIn }: ImportKeys): ImportLine {
  const { vapid_public_key: key } = line;
  if (standIn === null || key === undefined || readVapidPublicKey(key) !== standIn.for) return line;
  return { ...line, vapid_public_key: standIn.is };
}

function summaryOf(options: ImportOptions, { format }: Input, report: Report): string {
  const what = `${printable(nameOf(options))}: ${report.lines} lines of ${format.toUpperCase()}`;
  const how = options.isDryRun ? ', in a dry run: nothing was written. It would be' : '';
  return `${what}${how}\n\n${report.summary()}`;
}

function brokenOff({ lines }: Report, { message }: Error): string {
  const what = `It broke off after ${lines} lines. ${printable(message)}`;
  return `${what}\nImport the same file again: what is here already stays as it is.\n`;
}

function nameOf({ path }: ImportOptions): string {
  return path === '-' ? 'standard input' : path;
}

function tell(stream: NodeJS.WriteStream, text: string, exitCode: number): number {
  stream.write(text);
  return exitCode;
}
