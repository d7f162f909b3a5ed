import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** A version of a template. The wording is JSON: a caller's `data` may have names that MongoDB does not take. */
export type TemplateDocument = {
  readonly _id: string;
  readonly key: string;
  readonly version: number;
  readonly wording: string | null;
  readonly createdAtMs: number;
};

const VERSIONS: StoreIndex = { name: 'versions', key: { key: 1, version: -1 } };

export const TEMPLATE_INDEXES = [VERSIONS];

export const TEMPLATE_VERSION: NamedQuery<string> = {
  name: 'template version',
  collection: 'templates',
  purpose: 'one version of a template',
  index: BY_ID,
  filter: (id) => ({ _id: id }),
};

export const TEMPLATE_VERSIONS: NamedQuery<{ readonly key: string; readonly below: number }> = {
  name: 'versions of a template',
  collection: 'templates',
  purpose: 'the newest version, or a page of them',
  index: VERSIONS,
  filter: ({ key, below }) => ({ key, version: { $lt: below } }),
  sort: { version: -1 },
};

export const TEMPLATES_LISTED: NamedQuery<string> = {
  name: 'templates listed',
  collection: 'templates',
  purpose: 'the newest version of the next one by key',
  index: VERSIONS,
  filter: (after) => ({ key: { $gt: after } }),
  sort: { key: 1, version: -1 },
};

export const TEMPLATE_QUERIES = [TEMPLATE_VERSION, TEMPLATE_VERSIONS, TEMPLATES_LISTED] as const;
