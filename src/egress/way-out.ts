import { isIP } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import type { PushProxy } from '../domain/push-service/proxy.ts';
import { isNamedHost } from '../domain/subscription/endpoint-policy.ts';
import { createEgressGuard, type EgressGuardOptions, trustOf } from './address-guard.ts';
import { createTunnels, type TunnelOptions, type Tunnels } from './tunnels.ts';

export type WayOutOptions = EgressGuardOptions & {
  /** Null: directly. */
  readonly proxy: PushProxy | null;
  /** Of the connections to push hosts. */
  readonly agent?: TunnelOptions['agent'];
};

/** The way to push hosts: directly, where the guard judges each address; or through a proxy, where it cannot. */
export type WayOut = {
  /** What sends to this host. Through a proxy go hosts whose names are allowed already. */
  to(url: URL): Dispatcher;
  /** Breaks off whatever is under way. */
  close(): Promise<void>;
};

/** The proxy has this share of the time for connecting, so that a proxy that hangs is told from a push host that does. */
const SHARE_OF_PROXY = 0.5;

/** Without a proxy, all that is sent goes one way, and nothing is asked. */
export function createWayOut(options: WayOutOptions): WayOut {
  const { proxy, agent = {} } = options;
  const guard = createEgressGuard(options);
  const direct = new Agent({ ...agent, connect: guard.connect });
  const tunnels = proxy === null ? null : tunnelsThrough(proxy, options);
  const goesThrough = proxy === null ? () => false : throughWhich(proxy, options.allowedHosts);
  return {
    to: tunnels === null ? () => direct : (url) => (goesThrough(url) ? tunnels.dispatcher : direct),
    async close() {
      await Promise.all([direct.destroy(), tunnels?.destroy()]);
      guard.destroyConnecting();
    },
  };
}

function tunnelsThrough({ server }: PushProxy, { caPem, connectTimeoutMs, agent = {} }: WayOutOptions): Tunnels {
  const proxyTimeoutMs = Math.ceil(connectTimeoutMs * SHARE_OF_PROXY);
  return createTunnels({ server, trust: trustOf(caPem), connectTimeoutMs, proxyTimeoutMs, agent });
}

/** HTTPS_PROXY is for https alone, as everywhere. An address that nobody named stays where the guard can judge it. */
function throughWhich(
  { from, exceptions }: PushProxy,
  allowedHosts: WayOutOptions['allowedHosts'],
): (url: URL) => boolean {
  return ({ hostname, protocol, port: portText }) => {
    const port = Number(portText) || (protocol === 'http:' ? 80 : 443);
    if (from === 'HTTPS_PROXY' && protocol !== 'https:') return false;
    const isAddress = isIP(hostname) !== 0 || hostname.startsWith('[');
    if (isAddress && !isNamedHost(hostname, port, allowedHosts)) return false;
    return !exceptions.has(hostname, port);
  };
}
