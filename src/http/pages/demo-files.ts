import { readFileSync } from 'node:fs';

const FILES = [
  ['/demo', 'demo.html', 'text/html; charset=utf-8'],
  ['/demo/base.css', '../base.css', 'text/css; charset=utf-8'],
  ['/demo/demo.css', 'demo.css', 'text/css; charset=utf-8'],
  ['/demo/timeline.css', 'timeline.css', 'text/css; charset=utf-8'],
  ['/demo/demo.js', 'demo.js', 'text/javascript; charset=utf-8'],
  ['/demo/browser.js', 'browser.js', 'text/javascript; charset=utf-8'],
  ['/demo/steps.js', 'steps.js', 'text/javascript; charset=utf-8'],
  ['/demo/timeline.js', 'timeline.js', 'text/javascript; charset=utf-8'],
  ['/demo/bell.svg', 'bell.svg', 'image/svg+xml'],
  ['/demo/manifest.webmanifest', 'manifest.webmanifest', 'application/manifest+json'],
] as const;

/** Nothing of another origin, nothing inline, and no page around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'connect-src', 'img-src', 'worker-src', 'manifest-src'].map(
    (name) => `${name} 'self'`,
  ),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

export type DemoFile = {
  readonly path: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** The demo page and what belongs to it, with the headers each is served with. */
export function readDemoFiles(): readonly DemoFile[] {
  return FILES.map(([path, name, mediaType]) => ({
    path,
    text: readFileSync(new URL(`../../../src/pages/demo/${name}`, import.meta.url), 'utf8'),
    headers: { ...HEADERS, 'Content-Type': mediaType },
  }));
}
