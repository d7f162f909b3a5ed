import type { BellhopMessage } from './public.ts';

/** From the worker to open pages. `resync`: the browser changed the subscription, and only a page has a token. */
export type WorkerMessage = { readonly bellhop: BellhopMessage | 'resync' };
