import type { BellhopMessage } from './public.ts';

/** From the worker to open pages. `resync`: the browser changed the subscription, and only a page has a token. */
export type WorkerMessage = { readonly bellhop: BellhopMessage | 'resync' };

/**
 * From a page to a worker. `answer`: on the port that comes along, as a worker that shows Bellhop's pushes. `take_over`: from
 * a worker that does not know Bellhop.
 */
export type PageMessage = { readonly bellhop: 'answer' | 'take_over' };
