import { AppError } from '../../../src/domain/app-error.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Dice } from './random.ts';
import { type Life, never, type WorldTime } from './world-time.ts';

/** What a process meets on its way to the store. */
export type LinkWeather = {
  /** The most that a call, and the most that its answer, takes on the way. */
  slowMs: number;
  /** The store takes no calls. */
  isAway: boolean;
  /** Calls until the process dies, and where; null: it does not. */
  fuse: { calls: number; readonly cut: 'before' | 'after'; readonly burn: () => void } | null;
};

type Link = {
  readonly life: Life;
  readonly weather: LinkWeather;
  readonly time: WorldTime;
  readonly dice: Dice;
  /** One call in so many is slow. */
  readonly slowShare: number;
};

type Call = (...given: unknown[]) => Promise<unknown>;

/**
 * The store as one process sees it. A process that dies hears no more of it; what it asked for before may still be done, or not. Methods
 * that give no promise go straight through.
 */
export function storeLink(store: Store, link: Link): Store {
  const nouns = Object.entries(store).map(([noun, port]) => {
    if (typeof port === 'function') return [noun, linked(port as Call, store, link)];
    const methods = Object.entries(port as Record<string, Call>).map(([name, method]) => [
      name,
      linked(method, port, link),
    ]);
    return [noun, Object.fromEntries(methods)];
  });
  return Object.fromEntries(nouns) as Store;
}

function linked(method: Call, self: unknown, link: Link): Call {
  const { life, weather, time } = link;
  return async (...given) => {
    if (!life.isAlive) return never();
    const burning = burns(weather);
    if (burning === 'before') return dies(weather);
    await delay(link);
    if (!life.isAlive) return never();
    if (weather.isAway) throw new AppError('store_unavailable', 'The store is away.');
    time.progress += 1;
    let ended: { readonly value: unknown } | { readonly error: unknown };
    try {
      ended = { value: await method.apply(self, given) };
    } catch (error) {
      ended = { error };
    } finally {
      time.progress += 1;
    }
    if (!life.isAlive) return never();
    if (burning === 'after') return dies(weather);
    await delay(link);
    if (!life.isAlive) return never();
    if ('error' in ended) throw ended.error;
    return ended.value;
  };
}

function burns({ fuse }: LinkWeather): 'before' | 'after' | null {
  if (fuse === null) return null;
  fuse.calls -= 1;
  return fuse.calls > 0 ? null : fuse.cut;
}

function dies(weather: LinkWeather): Promise<never> {
  weather.fuse?.burn();
  return never();
}

async function delay({ weather, time, dice, slowShare }: Link): Promise<void> {
  if (weather.slowMs > 0 && dice.isTrue(slowShare)) await time.sleep(dice.between(1, weather.slowMs));
}
