/** Has work of the same name done one after the other, and all other work at once. */
export type Turns = <Value>(name: string | null, work: () => Promise<Value>) => Promise<Value>;

/** `null`: a name that nothing else has. */
export function createTurns(): Turns {
  const latest = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    if (name === null) return work();
    const before = latest.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    latest.set(name, mine);
    try {
      return await mine;
    } finally {
      if (latest.get(name) === mine) latest.delete(name);
    }
  };
}
