import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { openSocket } from '../support/raw-http.ts';
import { type RawRequest, rawRequest, type Secrets } from './raw-requests.ts';

/** Another one each time. One that failed is run again with FUZZ_SEED. */
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS_MS = 15_000;
const AT_ONCE = 48;
const ANSWERED_WITHIN_MS = 300;
const MOST_GROWTH_MB = 64;

let folder: string;
let service: ServiceProcess;
let secrets: Secrets;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-fuzz-'));
  service = await startServiceProcess({ folder, environment: { DEMO_PAGE: 'true' } });
  const call = signedClient(service.address, service.secret);
  const { body } = await call('POST', '/v1/subscriber-tokens', { body: { user_id: 'a' } });
  secrets = { bearer: service.secret, token: String(body.token) };
});
afterAll(async () => {
  await service.stop('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

/** All that came back until the server closed, or was silent for a while. */
async function send({ pieces, isEnded }: RawRequest): Promise<string> {
  const socket = openSocket(Number(new URL(service.address).port));
  const chunks: Buffer[] = [];
  const over = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.setTimeout(ANSWERED_WITHIN_MS, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    if (pieces.length > 1) await new Promise(setImmediate);
  }
  if (isEnded) socket.end();
  await over;
  return Buffer.concat(chunks).toString('latin1');
}

/** Every status that was answered, where an answer begins. */
function statusesIn(text: string): number[] {
  return [...text.matchAll(/(?:^|[}\n>])HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status));
}

const residentMb = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024;

/** Runs the cases from this one on until it is time, many at once; gives the next one. */
async function runFrom(first: number, untilMs: number, seen: Map<number, number>): Promise<number> {
  let next = first;
  const worker = async (): Promise<void> => {
    while (Date.now() < untilMs) {
      const at = next++;
      for (const status of statusesIn(await send(rawRequest(SEED + at, secrets)))) {
        if (status >= 500) throw new Error(`FUZZ_SEED=${SEED + at} was answered ${status}`);
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return next;
}

describe('raw requests that are wrong somewhere', () => {
  it(`crash nothing, are never answered 5xx and leave nothing behind (FUZZ_SEED=${SEED})`, async () => {
    const seen = new Map<number, number>();
    const warm = await runFrom(0, Date.now() + 3000, seen);
    const beforeMb = process.platform === 'linux' ? residentMb() : 0;
    const cases = await runFrom(warm, Date.now() + RUNS_MS, seen);
    await wait(500);
    if (process.platform === 'linux') expect(residentMb() - beforeMb).toBeLessThan(MOST_GROWTH_MB);
    expect(service.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    // Else the requests would be too wrong to reach anything.
    expect(cases).toBeGreaterThan(200);
    for (const status of [200, 202, 400, 401, 404, 405, 415]) expect([...seen.keys()]).toContain(status);
    const call = signedClient(service.address, service.secret);
    const sent = await call('POST', '/v1/notifications', { body: { type: 't', title: 'after', user_ids: ['a'] } });
    expect(sent.status).toBe(202);
    expect((await fetch(`${service.address}/readyz`)).status).toBe(200);
  }, 60_000);
});
