import type { CallOptions } from './caller.ts';
import type { Page, PageQuery } from './resources.ts';

/** A text, and a salted digest of it that stays when the text is erased. */
export type SealedName = { readonly text: string | null; readonly salt: string | null; readonly seal: string };

/** A change on record; the hash of each goes over that of the one before. */
export type AuditEntry = {
  readonly seq: number;
  readonly at: string;
  readonly by: 'key' | 'operator' | 'command';
  readonly who: SealedName;
  readonly action: string;
  readonly target: SealedName;
  readonly from: SealedName;
  readonly request_id: string;
  readonly refusal: string | null;
  readonly previous: string;
  readonly hash: string;
};

export type AuditQuery = PageQuery & {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
};

/** Who changed what. */
export type Audit = { list(query?: AuditQuery, options?: CallOptions): Promise<Page<AuditEntry>> };
