import { denoPath } from '../../scripts/deno.ts';

/** The path of a Deno, or why these tests are skipped here. On CI there must be one. */
export function denoOrReason(): string | { readonly reason: string } {
  try {
    return denoPath();
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return { reason: 'skipped: no Deno here, and none to be had from the registry' };
  }
}
