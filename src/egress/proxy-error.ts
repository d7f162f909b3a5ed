/** The proxy did not open the way: it could not be reached, or it refused. */
export class ProxyError extends Error {
  /** None of undici’s own: for one of those, its client would connect again and again without a pause. */
  readonly code = 'PROXY_FAILED';
  /** `host:port` of the proxy. */
  readonly proxy: string;
  /** What it answered to CONNECT; null where it did not answer, and `cause` says why. */
  readonly status: number | null;

  constructor(proxy: string, ending: { readonly status: number } | { readonly cause: unknown }) {
    super('the proxy did not open the way', 'cause' in ending ? { cause: ending.cause } : {});
    this.name = 'ProxyError';
    this.proxy = proxy;
    this.status = 'status' in ending ? ending.status : null;
  }
}
