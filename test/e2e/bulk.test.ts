import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type Mongod, startMongod } from '../../scripts/servers/mongod.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { createClient } from '../../src/client/client.ts';
import { atFullSize } from '../support/full-size.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';

/** What a process has more when it has taken many lines: garbage and caches, and not what was sent. */
const MOST_GROWTH_MB = 160;

const note = (at: number) => ({
  idempotency_key: `order-${at}-shipped`,
  type: 'order.shipped',
  user_ids: [`user-${at}`],
  title: 'Your order is on its way',
  body: 'It should be with you on Thursday.',
});

type Counts = { accepted: number; repeated: number; others: number; last: number };

/** Sends the file, reading results as they come; breaks off after so many results. */
function send(service: ServiceProcess, lines: number, breakAfter = Number.POSITIVE_INFINITY): Promise<Counts> {
  const counts: Counts = { accepted: 0, repeated: 0, others: 0, last: 0 };
  const { port } = new URL(service.address);
  const headers = { Authorization: `Bearer ${service.secret}`, 'Content-Type': 'application/x-ndjson' };
  return new Promise((resolve, reject) => {
    const call = request({ port, method: 'POST', path: '/v1/notifications/bulk', headers }, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const results = (rest + text).split('\n');
        rest = results.pop() ?? '';
        for (const result of results) count(counts, JSON.parse(result));
        if (counts.last >= breakAfter) call.destroy();
      });
      response.on('close', () => resolve(counts));
      response.on('error', () => {});
    });
    call.on('error', (error) => (breakAfter < lines || counts.last > 0 ? resolve(counts) : reject(error)));
    void write(call, lines);
  });
}

function count(counts: Counts, { status, line }: { readonly status: string; readonly line: number }): void {
  expect(line).toBe(counts.last + 1);
  counts.last = line;
  if (status === 'accepted' || status === 'repeated') counts[status] += 1;
  else counts.others += 1;
}

async function write(call: ReturnType<typeof request>, lines: number): Promise<void> {
  for (let at = 0; at < lines && !call.destroyed; at += 1) {
    if (call.write(`${JSON.stringify(note(at))}\n`)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        call.off('drain', goOn).off('close', goOn);
        resolve();
      };
      call.once('drain', goOn).once('close', goOn);
    });
    // Else a program that writes this fast would read nothing.
    await new Promise(setImmediate);
  }
  call.end();
}

const megabytesOf = (service: ServiceProcess, field: 'VmRSS' | 'VmHWM'): number => {
  const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
};

/** What holds on either store. */
function declareBulk(environment: () => Record<string, string>, lines: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bulk-'));
  let service: ServiceProcess;
  let port: string;
  const start = async (): Promise<void> => {
    service = await startServiceProcess({ folder, environment: { ...environment(), PORT: port } });
  };
  beforeAll(async () => {
    port = String(await freePort());
    await start();
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const half = lines / 2;

  it('is continued by the same file after the connection broke in the middle, in memory that does not grow with it', async () => {
    expect((await send(service, 2000)).accepted).toBe(2000);
    const beforeMb = existsSync('/proc/self/status') ? megabytesOf(service, 'VmRSS') : Number.NaN;
    const first = await send(service, lines, half);
    expect(first).toMatchObject({ repeated: 2000, others: 0 });
    expect(first.last).toBeGreaterThanOrEqual(half);
    expect(first.last).toBeLessThan(lines);
    const again = await send(service, lines);
    expect(again).toMatchObject({ last: lines, others: 0, accepted: lines - again.repeated });
    expect(again.repeated).toBeGreaterThanOrEqual(first.last);
    expect(again.accepted).toBeGreaterThan(0);
    if (existsSync('/proc/self/status')) expect(megabytesOf(service, 'VmHWM') - beforeMb).toBeLessThan(MOST_GROWTH_MB);
  }, 600_000);

  it('is continued by the client while the service is killed and started again', async () => {
    const client = createClient({ url: service.address, secret: service.secret, maxRetries: 12, retryBaseMs: 200 });
    const ids = new Set<string>();
    let isKilled = false;
    async function* more() {
      for (let at = lines; at < lines + 3000; at += 1) yield note(at);
    }
    for await (const { status, id, line } of client.notifications.sendMany(more())) {
      expect(['accepted', 'repeated']).toContain(status);
      ids.add(id ?? '');
      if (line !== 1200 || isKilled) continue;
      isKilled = true;
      await service.stop('SIGKILL');
      void start();
    }
    expect([isKilled, ids.size]).toEqual([true, 3000]);
    const again = createClient({ url: service.address, secret: service.secret });
    for await (const { status, id } of again.notifications.sendMany(more())) {
      expect([status, ids.has(id ?? '')]).toEqual(['repeated', true]);
    }
  }, 120_000);
}

describe('a file of lines sent to the embedded store', () => declareBulk(() => ({}), atFullSize(100_000, 20_000)));

describeWithMongod('a file of lines sent to MongoDB', () => {
  let mongod: Mongod;
  let url: string;
  beforeAll(async () => {
    mongod = await startMongod();
    url = freshDatabase(mongod.url);
  }, 60_000);
  afterAll(() => mongod.stop());
  // Each line is two round trips.
  declareBulk(() => ({ MONGODB_URL: url }), atFullSize(100_000, 4000));
});
