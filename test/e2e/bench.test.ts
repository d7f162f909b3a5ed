import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whether it runs at all. How fast anything is, a machine that runs tests beside it cannot tell. */
it('npm run bench -- --short measures everything and writes it down', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-test-'));
  const path = join(folder, 'figures.json');
  const args = [
    '--import',
    'tsx',
    'scripts/bench/bench.ts',
    '--short',
    '--users',
    '1000',
    '--stored',
    '100',
    '--json',
    path,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 280_000 });
  expect(stdout).toMatch(/\| embedded \| \d+ /);
  const figures = JSON.parse(readFileSync(path, 'utf8'));
  const [{ rows }] = figures.deliveries;
  const names = rows.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['bare loop', 'floor', 'embedded', 'embedded, one core']));
  for (const { of, rates } of rows) {
    expect(names).toContain(of);
    expect(rates.every(({ perSecond }: { perSecond: number }) => perSecond > 0)).toBe(true);
  }
  expect(figures.api).toHaveLength(6);
  expect(figures.wait).toHaveLength(3);
  for (const { p50Ms, p99Ms } of [...figures.wait, ...figures.priority]) {
    expect(p50Ms.median).toBeGreaterThanOrEqual(0);
    expect(p99Ms.median).toBeGreaterThanOrEqual(p50Ms.median);
  }
  expect(figures.reach.map(({ store }: { store: string }) => store)).toEqual(['embedded', 'MongoDB']);
  for (const { users, rows, walk, writing, everyone } of figures.reach) {
    const counted = Object.fromEntries(
      rows.map((row: { audience: string; users: number }) => [row.audience, row.users]),
    );
    expect(counted).toMatchObject({ everyone: users, 'plan:1': users / 10, 'even && odd': 0, 'nobody-has-it': 0 });
    expect([walk.users, walk.rssMib.length]).toEqual([users, 10]);
    expect(writing.every((row: { perSecond: { min: number } }) => row.perSecond.min > 0)).toBe(true);
    expect(everyone.cpuRatio.median).toBeGreaterThan(0);
  }
  expect(figures.console.map(({ store, pages }: { store: string; pages: unknown[] }) => [store, pages.length])).toEqual(
    [
      ['embedded', 28],
      ['MongoDB', 28],
    ],
  );
  expect(figures.beside).toMatchObject(Array(2).fill({ alone: [{}], beside: [{}] }));
  expect(figures.scale.rows).toHaveLength(2);
  for (const row of figures.scale.rows) {
    expect(row.perSecond.median).toBeGreaterThan(0);
    // It takes a start, too, to send again.
    expect(row.sendingAgainAfterMs.median).toBeGreaterThan(100);
  }
  expect(figures.scale.rows.map((row: { deepPerSecond: unknown }) => row.deepPerSecond === null)).toEqual([
    true,
    false,
  ]);
  expect(figures.idle.loadedRssMib.median).toBeGreaterThan(0);
  expect(figures.idle.readyAfterMs.median).toBeGreaterThan(0);
  expect([figures.backup.sound, figures.backup.p99DuringMs > 0]).toEqual([1, true]);
  rmSync(folder, { recursive: true });
}, 300_000);
