import type { LiveApiKeys } from '../../src/access/api-keys.ts';
import { createReceiptTokens } from '../../src/access/receipt-tokens.ts';
import { createReceipts, type ReceiptsOptions } from '../../src/intake/receipts.ts';

/** What devices tell, and the tokens by which they may. Nothing is asked for unless told so. */
export function receiptsOf(
  parts: Omit<ReceiptsOptions, 'verifyToken' | 'tracking'>,
  keys: LiveApiKeys,
  { tracking = [] }: Partial<Pick<ReceiptsOptions, 'tracking'>>,
) {
  const receiptTokens = createReceiptTokens(keys);
  const receipts = createReceipts({ ...parts, verifyToken: receiptTokens.verify, tracking });
  return { receiptTokens, receipts };
}
