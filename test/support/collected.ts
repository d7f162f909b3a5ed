import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How many of these objects nobody holds any more. */
export async function collectedOf(objects: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a weak reference was asked for stays until the turn is over.
  await setImmediate();
  collect();
  await setImmediate();
  collect();
  return objects.filter((object) => object.deref() === undefined).length;
}
