const MOST_CHARACTERS = 2048;

/**
 * The URL, or what is wrong with it. `isNamed`: whether an operator named this host and port; any other is reached by https. That its
 * address is public is seen when it is connected to.
 */
export function judgeWebhookUrl(text: string, isNamed: (host: string, port: number) => boolean): URL | string {
  if (text.length > MOST_CHARACTERS) return `must have ${MOST_CHARACTERS} characters at most`;
  // The URL parser drops or rewrites these without a word.
  if (/[\s\p{C}\\]/u.test(text) || !URL.canParse(text)) return 'must be a URL, such as https://example.com/hooks';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || text.includes('#'))
    return 'must have no user, password or fragment';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https URL';
  const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
  if (url.protocol === 'http:' && !isNamed(url.hostname, port))
    return 'must be an https URL; plain http only to hosts in WEBHOOK_ALLOWED_HOSTS';
  return url;
}
