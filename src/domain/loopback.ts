/** Whether a host, as `URL.hostname` writes it, is this machine itself. Other names are what DNS says they are. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** The same for `host`, `host:port` or `[address]:port`, in any spelling that the URL parser takes. */
export function isLoopbackHost(text: string): boolean {
  return URL.canParse(`http://${text}`) && isLoopback(new URL(`http://${text}`).hostname);
}
