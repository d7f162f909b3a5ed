import type { Wording } from '../domain/content/wording.ts';
import { decodeParts, encodeParts, invalidCursor } from './cursor.ts';
import type { Page, PageRequest } from './page.ts';

/** One version of a template: it never changes. Null for `wording`: with it, the template was deleted. */
export type TemplateVersion = {
  readonly key: string;
  readonly version: number;
  readonly wording: Wording | null;
  readonly createdAtMs: number;
};

/**
 * What is kept of templates: versions are only ever added, so that what was accepted with one can always be sent (decision 32). `namings`
 * and what follows are for who deletes a template while another begins to name it (decision 46).
 */
export interface TemplateStore {
  /** Keeps a version, unless the template has one of this number: then false, and nothing written. */
  add(version: TemplateVersion): Promise<boolean>;
  /** The newest version, also one by which the template was deleted; null where there never was one. */
  newest(key: string): Promise<TemplateVersion | null>;
  get(key: string, version: number): Promise<TemplateVersion | null>;
  /** The newest version of each template that is not deleted, in order of key. */
  list(query: PageRequest): Promise<Page<TemplateVersion>>;
  /** Versions of one template, but for those by which it was deleted, newest first. */
  versions(query: PageRequest & { readonly key: string }): Promise<Page<TemplateVersion>>;
  /** How often something came to name a template while this was its newest version. */
  namings(key: string, version: number): Promise<number>;
  /**
   * Notes, after something was kept that names these templates, that it was. The first of them that is deleted by then, which then is not
   * to be named; null where there is none.
   */
  noteNaming(keys: readonly string[]): Promise<string | null>;
  /**
   * Adds the version by which a template is deleted. False, and nothing written, where there is one of this number, or where the version
   * before it was named more often than `namings` says: whoever deletes looks again.
   */
  remove(deletion: Omit<TemplateVersion, 'wording'>, namings: number): Promise<boolean>;
}

/** The cursor of a listing of versions, newest first. */
export function cursorOfVersion({ version }: TemplateVersion): string {
  return encodeParts([version]);
}

/** Versions below this one come next. Throws AppError `invalid_cursor`. */
export function beforeVersion(cursor: string | null): number {
  if (cursor === null) return Number.MAX_SAFE_INTEGER;
  const [version, ...rest] = decodeParts(cursor);
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || rest.length > 0) throw invalidCursor();
  return version;
}
