import {
  type ProxyServer,
  type PushProxy,
  parseProxyExceptions,
  parseProxyServer,
} from '../domain/push-service/proxy.ts';
import type { SettingValues } from './settings.ts';

/** The proxy that pushes go through, or null. Adds what is wrong with the settings to `problems`. */
export function pushProxyOf(values: SettingValues, problems: string[]): PushProxy | null {
  const { PUSH_PROXY_URL: own, HTTPS_PROXY: ofTheSystem, NO_PROXY: but } = values;
  if (own === 'none') return null;
  const exceptions = parseProxyExceptions(but ?? '');
  if (own !== null) return { server: own, from: 'PUSH_PROXY_URL', exceptions };
  const server = ofTheSystem === null ? null : systemsProxy(ofTheSystem, problems);
  return server === null ? null : { server, from: 'HTTPS_PROXY', exceptions };
}

function systemsProxy(text: string, problems: string[]): ProxyServer | null {
  const server = parseProxyServer(text);
  if (!('problem' in server)) return server;
  problems.push(
    `HTTPS_PROXY ${server.problem} For pushes, PUSH_PROXY_URL goes before it; none there is without a proxy.`,
  );
  return null;
}
