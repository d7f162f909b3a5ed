/** What stood in the way of a push before it met its push service, as far as it is known. Never an endpoint’s path. */
export type FailureScene = {
  /** The push host, as `URL.hostname` writes it. */
  readonly host?: string;
  /** What DNS answered for it. */
  readonly address?: string;
  /** `host:port` of the proxy that pushes go through. */
  readonly proxy?: string;
  /** What the proxy answered. */
  readonly status?: number;
};

/**
 * Why a push did not get as far as its push host: DNS, or the proxy. `dns`: there is no such name. `dns_unavailable`: DNS
 * does not answer. `dns_sinkhole`: DNS leads the name of a known push service to an address that is not public.
 */
export const WAY_OUT_FAILURES = [
  'dns',
  'dns_unavailable',
  'dns_sinkhole',
  'proxy_dns',
  'proxy_refused',
  'proxy_timeout',
  'proxy_tls',
  'proxy_reset',
  'proxy_auth',
  'proxy_denied',
  'proxy_gateway',
] as const;
export type WayOutFailure = (typeof WAY_OUT_FAILURES)[number];

/** `network`: a fault of what is on our side of the internet. It is mended here, for all pushes at once. */
type WayOutOutcome = {
  readonly kind: 'retryable';
  readonly fault: 'network' | 'service';
  readonly error: string;
  readonly remedy: string;
};

/** The end of the remedy where the deadline alone bounds the tries. */
export const UNTIL_THE_DEADLINE = 'Bellhop tries again by itself until the deadline.';
export const TRIES_AGAIN = 'Bellhop tries again by itself.';

type Words = {
  readonly host: string;
  readonly address: string;
  readonly proxy: string;
  readonly answer: string;
};

type Row = readonly [fault: 'network' | 'service', error: (words: Words) => string, remedy: (words: Words) => string];

const ROWS: Readonly<Record<WayOutFailure, Row>> = {
  dns: [
    'service',
    ({ host }) => `DNS knows no address of ${host}`,
    ({ host }) => `If it lasts, look whether DNS finds ${host} from this machine, and whether a filter hides the name.`,
  ],
  dns_unavailable: [
    'network',
    ({ host }) => `DNS did not answer for ${host}`,
    () =>
      'Check this machine’s DNS: that it has a server (/etc/resolv.conf), that it can be reached, and that it answers.',
  ],
  dns_sinkhole: [
    'network',
    ({ host, address }) => `DNS answers ${address} for ${host}, which is no public address`,
    ({ host, address }) =>
      `Your DNS answers ${address} for ${host}: let the name through in the filter that does so (Pi-hole, a firewall, /etc/hosts, a captive portal), or give this machine another DNS server.`,
  ],
  proxy_dns: [
    'network',
    ({ proxy }) => `the name of the proxy ${proxy} could not be resolved`,
    ({ proxy }) => `Check DNS from this machine, and the name in ${settingsOf(proxy)}.`,
  ],
  proxy_refused: [
    'network',
    ({ proxy }) => `no connection to the proxy ${proxy}`,
    ({ proxy }) => `Check that the proxy runs, and host and port in ${settingsOf(proxy)}.`,
  ],
  proxy_timeout: [
    'network',
    ({ proxy }) => `the proxy ${proxy} did not answer in time`,
    ({ proxy }) => `Check that ${proxy} can be reached from this machine, and that it is not overloaded.`,
  ],
  proxy_tls: [
    'network',
    ({ proxy }) => `the TLS handshake with the proxy ${proxy} failed`,
    ({ proxy }) =>
      `Check whether ${proxy} speaks TLS (http:// or https:// in the proxy’s URL), its certificate, and PUSH_CA_FILE.`,
  ],
  proxy_reset: [
    'network',
    ({ proxy }) => `the proxy ${proxy} broke the connection off before it answered`,
    ({ proxy }) => `Check that ${proxy} is an HTTP proxy that takes CONNECT, and its log.`,
  ],
  proxy_auth: [
    'network',
    ({ proxy, answer }) => `the proxy ${proxy} asks for user and password${answer}`,
    ({ proxy }) =>
      `Check user and password for ${proxy} in PUSH_PROXY_URL (http://user:password@host:port). Bellhop speaks Basic authentication, not NTLM or Kerberos.`,
  ],
  proxy_denied: [
    'network',
    ({ proxy, host, answer }) => `the proxy ${proxy} does not let this machine connect to ${host}${answer}`,
    ({ proxy, host }) =>
      `Have ${proxy} allow CONNECT to ${host}:443, or name the host in NO_PROXY where the direct way is free.`,
  ],
  proxy_gateway: [
    'service',
    ({ proxy, host, answer }) => `the proxy ${proxy} could not connect to ${host}${answer}`,
    ({ proxy, host }) =>
      `If it lasts, look in the log of ${proxy}: whether it resolves ${host}, and has a way out itself. A host that is reached directly belongs in NO_PROXY.`,
  ],
};

/** The outcome of a push that did not get out, in words that name hosts and addresses alone. */
export function wayOutOutcome(failure: WayOutFailure, scene: FailureScene): WayOutOutcome {
  const [fault, error, remedy] = ROWS[failure];
  const words: Words = {
    host: scene.host ?? 'the push host',
    address: scene.address ?? 'a private address',
    proxy: scene.proxy ?? 'for pushes',
    answer: scene.status === undefined ? '' : ` (HTTP ${scene.status})`,
  };
  const ending = fault === 'network' ? UNTIL_THE_DEADLINE : TRIES_AGAIN;
  return { kind: 'retryable', fault, error: error(words), remedy: `${remedy(words)} ${ending}` };
}

export function isWayOutFailure(failure: string): failure is WayOutFailure {
  return (WAY_OUT_FAILURES as readonly string[]).includes(failure);
}

function settingsOf(proxy: string): string {
  return `PUSH_PROXY_URL or HTTPS_PROXY (now ${proxy})`;
}
