import { createWriteStream, type WriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../clock.ts';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { printable } from '../domain/printable-text.ts';
import { exportLine } from '../intake/export-line.ts';
import { createExports } from '../intake/exports.ts';
import { askOwnService } from './own-service.ts';

/** Writes all active subscriptions, and users without one, as NDJSON, in the shape that `bellhop import` takes. Gives the exit code. */
export async function runExport(call: { readonly file: string; readonly withKeys: boolean }): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  const lines = await linesFrom(config, call.withKeys);
  let count = 0;
  const counted = async function* (pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      for (const octet of piece) if (octet === LINE_FEED) count += 1;
      yield piece;
    }
  };
  if (call.file === '-') await pipeline(lines, counted, process.stdout, { end: false });
  else await intoFile(call.file, (file) => pipeline(lines, counted, file));
  process.stderr.write(
    `${count} lines exported: active subscriptions, and users who have none${call.withKeys ? ', with keys: who has them can push' : ''}.\n`,
  );
  return 0;
}

const LINE_FEED = 10;

/** From the service that runs here; where none does, from its store. */
async function linesFrom(config: Config, withKeys: boolean): Promise<Readable> {
  const answer = await askOwnService(config, { path: '/v1/export', body: { with_keys: withKeys } });
  return answer === null ? Readable.from(ofStore(config, withKeys), { objectMode: false }) : answer.body;
}

async function* ofStore(config: Config, withKeys: boolean): AsyncGenerator<Buffer> {
  const { openStore } = await import('../service/backends.ts');
  const { store } = await openStore({ config, clock: systemClock, onError: () => {}, isAlone: false });
  try {
    for await (const piece of createExports({ store, clock: systemClock }).everything()) {
      yield Buffer.from(piece.map((one) => `${JSON.stringify(exportLine(one, withKeys))}\n`).join(''));
    }
  } finally {
    await store.close();
  }
}

/** For its owner alone, and in nobody's place. */
async function intoFile(path: string, write: (file: WriteStream) => Promise<void>): Promise<void> {
  try {
    await write(createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'open' && syscall !== 'write') throw error;
    throw new ConfigError([`${printable(path)} cannot be written (${code}).`]);
  }
}
