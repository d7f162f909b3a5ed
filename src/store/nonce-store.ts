/** Which signed requests have come already. */
export interface NonceStore {
  /**
   * Marks a request nonce as used, to be swept after `expiresAtMs`. False when it already was. `addsNothing`: the request only
   * reads or deletes, so its nonce is kept while the disk is full, too.
   */
  use(nonce: string, expiresAtMs: number, request?: { readonly addsNothing?: boolean }): Promise<boolean>;
}
