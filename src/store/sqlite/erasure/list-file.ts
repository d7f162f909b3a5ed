import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Erasure } from '../../../domain/erasure/erasure.ts';

/** As much of an erasure as stands in the list: enough to do it again, with the key. */
export type ListedErasure = Pick<Erasure, 'id' | 'userDigest' | 'untilMs'>;

/** The list beside the store: a store that is restored from a backup does not know of later erasures, and the list does. */
export type ErasureList = { readonly key: string; readonly erasures: readonly ListedErasure[] };

/** Beside the data file. Of a store that was put in its place, and has another key, it is moved out of the way. */
export function listPathOf(dataPath: string): string {
  return join(dirname(dataPath), 'erasures.ndjson');
}

/** Null where there is none. A line that a crash has cut short stands for nothing: its erasure had not begun. */
export function readList(path: string): ErasureList | null {
  const text = textOf(path);
  if (text === null) return null;
  const [head, ...lines] = text.split('\n').map(parsed);
  const key = head?.key;
  if (typeof key !== 'string') return null;
  const erasures = lines.flatMap((line) => {
    const { id, user_digest: userDigest, until_ms: untilMs } = line ?? {};
    const isWhole = typeof id === 'string' && typeof userDigest === 'string' && typeof untilMs === 'number';
    return isWhole ? [{ id, userDigest, untilMs }] : [];
  });
  return { key, erasures };
}

/** Makes the list where there is none, with what the store knows. */
export function makeList(path: string, content: () => ErasureList): void {
  if (existsSync(path)) return;
  const { key, erasures } = content();
  writeDurably(path, 'w', `${JSON.stringify({ list: 'bellhop erasures', key })}\n${erasures.map(lineOf).join('')}`);
}

/** It is on the disk when this returns. A line before it that a crash has cut short ends here: an empty one stands for nothing. */
export function appendToList(path: string, erasure: ListedErasure): void {
  writeDurably(path, 'a', `\n${lineOf(erasure)}`);
}

/** Gives where it is now. */
export function moveListAway(path: string, atMs: number): string {
  const other = `${path}-of-another-store-${atMs}`;
  renameSync(path, other);
  return other;
}

function lineOf({ id, userDigest, untilMs }: ListedErasure): string {
  return `${JSON.stringify({ id, user_digest: userDigest, until_ms: untilMs })}\n`;
}

function writeDurably(path: string, flag: 'w' | 'a', text: string): void {
  const file = openSync(path, flag, 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
