/** One page of a listing, in a stable order. `next` goes back as `cursor` for the page after; null on the last. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null };

/** `cursor` is what an earlier page gave as `next`, or null for the first page. */
export type PageRequest = { readonly cursor: string | null; readonly limit: number };
