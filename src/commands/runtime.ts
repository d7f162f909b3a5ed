const OLDEST_NODE = [20, 19];

/**
 * Why Bellhop does not run on what these versions (`process.versions`) tell of, and what to do; null: it does. This file
 * imports nothing, and is written so that Node 14 can read it.
 */
export function runtimeProblem(versions: Readonly<Record<string, string | undefined>>): string | null {
  if (versions.bun !== undefined) {
    return (
      `Bellhop does not run on Bun (this is ${versions.bun}). Nothing was started. Bun puts a client of its own in the place of undici,\n` +
      'without the guard on where pushes may go. Use Node 20.19 or newer, or Deno; bellhop-client runs on Bun, too.'
    );
  }
  const [major = 0, minor = 0] = String(versions.node).split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return (
    `Bellhop needs Node ${OLDEST_NODE.join('.')} or newer, and this is Node ${versions.node}. Nothing was started.\n` +
    'Get a current Node from https://nodejs.org, or run the container image.'
  );
}

/** What Deno does not let Bellhop do, and how to allow it; null where the error is about something else. */
export function deniedByRuntime(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'NotCapable') return null;
  return `Deno does not let Bellhop work: ${error.message}.\nIt needs files, environment, network, system information and libraries: deno run --allow-all.`;
}
