import { BY_ID, type NamedQuery, type StoreIndex } from './named-query.ts';

/** A version of a template. The wording is JSON: a caller's `data` may have names that MongoDB does not take. */
export type TemplateDocument = {
  readonly _id: string;
  readonly key: string;
  readonly version: number;
  readonly wording: string | null;
  readonly createdAtMs: number;
  /** Of one by which the template was deleted, as long as there may be texts before it. */
  readonly deletedAtMs?: number;
  /** How often a schedule came to name it while it was the newest. */
  readonly namings?: number;
  /** When the template was deleted, if this was its newest version then. The version that says so follows. */
  readonly endedAtMs?: number;
};

const VERSIONS: StoreIndex = { name: 'versions', key: { key: 1, version: -1 } };

const DELETED: StoreIndex = { name: 'deleted', key: { deletedAtMs: 1 }, only: { deletedAtMs: { $gte: 0 } } };

export const TEMPLATE_INDEXES = [VERSIONS, DELETED];

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

export const DELETED_TEMPLATES: NamedQuery<number> = {
  name: 'deleted templates',
  collection: 'templates',
  purpose: 'those deleted before an instant whose texts may be there',
  index: DELETED,
  filter: (beforeMs) => ({ deletedAtMs: { $gte: 0, $lt: beforeMs } }),
};

export const TEMPLATE_QUERIES = [TEMPLATE_VERSION, TEMPLATE_VERSIONS, TEMPLATES_LISTED, DELETED_TEMPLATES] as const;
