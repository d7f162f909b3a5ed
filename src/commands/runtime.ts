const OLDEST_NODE = [20, 19];

/**
 * Why Bellhop does not run on what these versions (`process.versions`) tell of, and what to do; null: it does. Imports
 * nothing, and is written so that Node 14 can read it.
 */
export function runtimeProblem(versions: Readonly<Record<string, string | undefined>>): string | null {
  const [major = 0, minor = 0] = String(versions.node).split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return (
    `Bellhop needs Node ${OLDEST_NODE.join('.')} or newer, and this is Node ${versions.node}. Nothing was started.\n` +
    'Get a current Node from https://nodejs.org, or run the container image.'
  );
}
