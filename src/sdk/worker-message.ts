import type { BellhopMessage } from './public.ts';

/**
 * From the worker to open pages. `resync`: the browser changed the subscription, and only a page has a token. `lead`: to one
 * page, which says on the port that comes along that it goes there.
 */
export type WorkerMessage = {
  readonly bellhop: BellhopMessage | 'resync' | { readonly kind: 'lead'; readonly url: string };
};

/**
 * From a page to a worker. `answer`: on the port that comes along, as a worker that shows Bellhop's pushes. `take_over`: from
 * a worker that does not know Bellhop.
 */
export type PageMessage = { readonly bellhop: 'answer' | 'take_over' };
