import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { systemClock } from '../clock.ts';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { type AuditEntry, type AuditHead, faultOf } from '../domain/audit/audit-entry.ts';
import { printable } from '../domain/printable-text.ts';
import { createAuditLog } from '../intake/audit-log.ts';
import { askOwnService } from './own-service.ts';

type Given = { readonly file: string | undefined; readonly expect: string | undefined };

/** `2041:` and the hash of that entry, as an earlier run told them. */
const NOTED = /^([1-9]\d{0,14}):([A-Za-z0-9_-]{43})$/;

/**
 * Checks the chain of the audit log from its first entry to its last, and tells the end of it. Gives the exit code: 1 where the chain
 * is broken, or does not have the entry that `expect` names.
 */
export async function runVerifyAudit({ file, expect }: Given): Promise<number> {
  const noted = expect === undefined ? null : NOTED.exec(expect);
  if (expect !== undefined && noted === null)
    throw new ConfigError(['--expect: write SEQ:HASH, as an earlier run told it.']);
  let head: AuditHead | null = null;
  let isNotedSeen = noted === null;
  for await (const entry of entriesOf(file)) {
    const fault = faultOf(head, entry);
    if (fault !== null) return broken(fault);
    if (noted !== null && String(entry.seq) === noted[1]) {
      if (entry.hash !== noted[2]) return broken(`entry ${entry.seq} is not the one that was noted`);
      isNotedSeen = true;
    }
    head = entry;
  }
  if (!isNotedSeen) return broken(`entry ${noted?.[1]}, which was noted, is not there`);
  process.stdout.write(head === null ? 'The audit log is empty.\n' : told(head));
  return 0;
}

function told({ seq, hash }: AuditHead): string {
  return `The audit log is whole up to entry ${seq}. Note this elsewhere, for --expect the next time:\n${seq}:${hash}\n`;
}

function broken(fault: string): number {
  process.stderr.write(`The audit log is broken: ${printable(fault)}.\n`);
  return 1;
}

async function* entriesOf(file: string | undefined): AsyncGenerator<AuditEntry> {
  if (file !== undefined) return yield* linesOf(file === '-' ? process.stdin : createReadStream(file));
  const config = parseConfig(readEnvironment(), readText);
  if (config.mongodbUrl === null) {
    const answer = await askOwnService(config, { method: 'GET', path: '/v1/audit/export', body: null });
    if (answer !== null) return yield* linesOf(answer.body);
  }
  yield* ofStore(config);
}

async function* ofStore(config: Config): AsyncGenerator<AuditEntry> {
  const { openStore } = await import('../service/backends.ts');
  const { store } = await openStore({ config, clock: systemClock, onError: () => {}, isAlone: false });
  try {
    for await (const piece of createAuditLog(store.audit).pieces(0)) yield* piece;
  } finally {
    await store.close();
  }
}

/** As the export has them. */
async function* linesOf(stream: Readable): AsyncGenerator<AuditEntry> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') yield entryOf(line);
  }
}

function entryOf(line: string): AuditEntry {
  try {
    const { at, request_id: requestId, ...entry } = JSON.parse(line) as AuditEntry & { at: string; request_id: string };
    return { ...entry, atMs: Date.parse(at), requestId };
  } catch {
    throw new ConfigError(['This is no export of the audit log: GET /v1/audit/export gives one entry a line.']);
  }
}
