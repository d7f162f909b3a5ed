import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

/** The first whose middle compiler makes code that is good for long; older ones have nothing between slow and best. */
const FIRST_NODE = 24;
/** Ten times what is usual. */
const CALLS = 30_000;

/**
 * Has V8 compile a function for the last time only once it was called very often. The first ten thousand pushes else cost a tenth more,
 * for compiling what they run; after fifty thousand it makes no difference (docs/performance.md). For the threads that start later, too.
 */
export function optimizeLater(versions: Readonly<Record<string, string | undefined>> = process.versions): void {
  const isNode = versions.deno === undefined;
  if (isNode && Number.parseInt(versions.node ?? '', 10) >= FIRST_NODE)
    setFlagsFromString(`--invocation-count-for-turbofan=${CALLS}`);
}
