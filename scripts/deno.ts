import { chmodSync } from 'node:fs';
import { packagedBinary } from './registry-binary.ts';

const VERSION = '2.9.6';

/** The path of a Deno, from its npm package for this platform. Throws where it cannot be had. */
export function denoPath(): string {
  const libc = process.platform === 'linux' ? '-glibc' : '';
  const path = packagedBinary({
    packageName: `@deno/${process.platform}-${process.arch}${libc}`,
    version: VERSION,
    file: process.platform === 'win32' ? 'deno.exe' : 'deno',
  });
  // The wrapper package sets it in an install script, which is not run here.
  chmodSync(path, 0o755);
  return path;
}
