import { execFileSync } from 'node:child_process';
import { newerNode } from '../newer-node.ts';

/** A Node that something is measured on. */
export type Runtime = {
  readonly name: string;
  /** What it is started by; the script and its arguments follow. */
  readonly command: readonly [string, ...string[]];
};

export const THIS_NODE: Runtime = { name: `Node ${process.versions.node}`, command: [process.execPath] };

/** This Node, and Node 24, which the image has, where this is another and the registry has that one. */
export function runtimesToCompare(say: (text: string) => void): readonly Runtime[] {
  try {
    const path = newerNode();
    if (path === process.execPath) return [THIS_NODE];
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    return [THIS_NODE, { name: `Node ${version.slice(1)}`, command: [path] }];
  } catch (error) {
    say(`Without Node 24: ${error instanceof Error ? error.message : String(error)}`);
    return [THIS_NODE];
  }
}

/** The same where there is one core for it. */
export function onOneCore({ name, command }: Runtime): Runtime {
  return { name, command: ['taskset', '-c', '0', ...command] };
}
