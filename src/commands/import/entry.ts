/** A line of the file, which begins at this number: what stands in it, or why it cannot be read. */
export type Entry =
  | { readonly line: number; readonly record: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly refusal: Refusal };

/** Codes are those of `docs/errors.md`, and `inactive`: whoever the old system does not send to any more. */
export type Refusal = { readonly code: string; readonly reason: string };

/** A file that cannot be read at all, with what to do about it. */
export class UnreadableFile extends Error {}
