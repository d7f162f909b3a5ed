/** Which signed requests have come already. */
export interface NonceStore {
  /** Marks a request nonce as used, to be swept after `expiresAtMs`. False when it already was. */
  use(nonce: string, expiresAtMs: number): Promise<boolean>;
}
