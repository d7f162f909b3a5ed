const UNTRUSTED =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?))$/;
const WRONG_TIME = /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/;
const WRONG_NAME = /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/;
const OTHER_CERTIFICATE = /^(?:CERT_|CRL_|INVALID_CA$|INVALID_PURPOSE$|ERR_TLS_)/;
/** Plain text where TLS was expected, no version in common, or a server that wants a certificate of ours. */
const HANDSHAKE = /^(?:EPROTO$|ERR_SSL_|ERR_OSSL_)/;

/**
 * What is wrong with a server's TLS, with what to do, as the rest of a sentence that begins with the server; null where the
 * codes of errors tell of nothing of the kind. `caSetting` names the file with its certificate authority, `urlSetting` the
 * URL.
 */
export function tlsFaultOf(codes: readonly string[], caSetting: string, urlSetting: string): string | null {
  const first = (pattern: RegExp): string | undefined => codes.find((code) => pattern.test(code));
  const untrusted = first(UNTRUSTED);
  if (untrusted !== undefined) {
    return `answers, but no authority known here signed its certificate (${untrusted}): name its CA’s PEM file in ${caSetting}.`;
  }
  const wrongTime = first(WRONG_TIME);
  if (wrongTime !== undefined) {
    return `answers, but its certificate has expired or is not valid yet (${wrongTime}): renew it, and check this machine’s clock.`;
  }
  const wrongName = first(WRONG_NAME);
  if (wrongName !== undefined) {
    return `answers, but its certificate is for another host name (${wrongName}): use the certificate’s name in ${urlSetting}.`;
  }
  const other = first(OTHER_CERTIFICATE);
  if (other !== undefined) return `answers, but its certificate is not accepted (${other}): mend the certificate.`;
  const handshake = first(HANDSHAKE);
  if (handshake === undefined) return null;
  return `answers, but the TLS handshake fails (${handshake}): check that this port speaks TLS, and asks for no client certificate.`;
}

/** The codes of an error and of what it wraps. */
export function codesOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth > 6) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [...own, ...inner.flatMap((each) => codesOf(each, depth + 1))];
}
