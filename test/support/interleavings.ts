type Waiting = { readonly go: () => void };

/** One of several whose calls are let through one at a time. */
export type Stepped = {
  /** What it is made of, so that each call of one of these methods waits for its turn. */
  watch<Part extends object>(part: Part, methods: readonly (keyof Part)[]): Part;
};

type Actor = { waiting: Waiting | null; isDone: boolean; changed: () => void };

/**
 * Runs two that work on the same thing side by side, once for each order in which their calls can come one after the other. `run` makes what
 * they work on anew, and looks at what came of it once both have ended.
 */
export async function everyInterleaving(
  run: (
    first: Stepped,
    second: Stepped,
  ) => Promise<{
    readonly work: readonly [() => Promise<unknown>, () => Promise<unknown>];
    readonly check: (order: string) => Promise<void>;
  }>,
): Promise<number> {
  let runs = 0;
  const open: string[] = [''];
  for (let prefix = open.pop(); prefix !== undefined; prefix = open.pop()) {
    const actors = [newActor(), newActor()] as const;
    const { work, check } = await run(steppedBy(actors[0]), steppedBy(actors[1]));
    const order = await inOrderOf(prefix, actors, work, (other) => open.push(other));
    await check(order);
    runs += 1;
  }
  return runs;
}

function newActor(): Actor {
  return { waiting: null, isDone: false, changed: () => {} };
}

function steppedBy(actor: Actor): Stepped {
  return {
    watch: (part, methods) =>
      new Proxy(part, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function' || !methods.some((method) => method === name)) return value;
          return async (...given: unknown[]) => {
            await new Promise<void>((resolve) => {
              actor.waiting = { go: resolve };
              actor.changed();
            });
            return value.apply(target, given);
          };
        },
      }),
  };
}

/** Where both wait and the prefix says nothing, the first goes, and the other order is left to do. */
async function inOrderOf(
  prefix: string,
  actors: readonly [Actor, Actor],
  work: readonly [() => Promise<unknown>, () => Promise<unknown>],
  later: (prefix: string) => void,
): Promise<string> {
  const done = await Promise.all(actors.map((actor, index) => begun(actor, work[index === 0 ? 0 : 1])));
  let order = '';
  for (;;) {
    const [first, second] = actors;
    if (first.isDone && second.isDone) break;
    let next = first.isDone ? '2' : '1';
    if (!first.isDone && !second.isDone) {
      const said = prefix[order.length];
      if (said === undefined) later(`${order}2`);
      next = said ?? '1';
    }
    order += next;
    await stepOf(next === '1' ? first : second);
  }
  await Promise.all(done.map(({ result }) => result));
  return order;
}

/** Until its first call, or its end. */
async function begun(actor: Actor, work: () => Promise<unknown>): Promise<{ readonly result: Promise<void> }> {
  const next = changeOf(actor);
  const result = work().then(() => {
    actor.isDone = true;
    actor.changed();
  });
  await next;
  return { result };
}

async function stepOf(actor: Actor): Promise<void> {
  const { waiting } = actor;
  const next = changeOf(actor);
  actor.waiting = null;
  waiting?.go();
  await next;
}

function changeOf(actor: Actor): Promise<void> {
  return new Promise((resolve) => {
    actor.changed = resolve;
  });
}
