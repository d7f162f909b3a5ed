import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STALE = [
  'old/gone.js',
  'old/deep/gone.js',
  'domain/gone.js',
  'pages/demo/gone.html',
  'client/gone.d.ts',
  'gone.txt',
];

describe('npm run build', () => {
  const clone = mkdtempSync(join(tmpdir(), 'bellhop-build-'));
  const dist = join(clone, 'dist');

  beforeAll(() => {
    for (const path of ['src', 'dist', 'scripts/build', 'tsconfig.json', 'package.json']) {
      cpSync(join(ROOT, path), join(clone, path), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    for (const path of STALE) {
      mkdirSync(dirname(join(dist, path)), { recursive: true });
      writeFileSync(join(dist, path), '');
    }
  });
  afterAll(() => rmSync(clone, { recursive: true, force: true }));

  it('takes away what earlier builds left, and nothing else', () => {
    const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name);
    execFileSync(bin('tsc'), ['-p', 'src/sdk'], { cwd: clone });
    execFileSync(bin('tsx'), ['scripts/build/build.ts'], { cwd: clone });
    const pathsIn = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
    expect(pathsIn(dist)).toEqual(pathsIn(join(ROOT, 'dist')));
    expect(existsSync(join(dist, 'old'))).toBe(false);
  }, 60_000);
});
