import { packagedBinary } from './registry-binary.ts';

/**
 * The path of a Node 24: this one where it is new enough, else the one that the registry package for this platform
 * carries, kept in `node_modules/.cache`. Throws where neither can be had.
 */
export function newerNode(): string {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const isWindows = process.platform === 'win32';
  return packagedBinary({
    packageName: `node-${isWindows ? 'win' : process.platform}-${process.arch}`,
    version: '24',
    file: isWindows ? 'bin/node.exe' : 'bin/node',
  });
}
