import type { Listed } from './listed-expression.ts';

/** What reads traces of callers, and where spans go. */
export const TRACING_FILES: Readonly<Record<string, readonly Listed[]>> = {
  'config/tracing-settings.ts': [
    [/[^\t\x20-\x7e]/, { repeated: 'a' }],
    [/^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([^\s,;]*)$/, { repeated: 'a', tail: ' ' }],
    [/^https?:$/, { repeated: 'https' }],
  ],
  'domain/trace.ts': [
    [
      /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.{0,200})?$/,
      { repeated: '0a-', tail: '\n' },
    ],
  ],
  'http/kit/call-span.ts': [[/^https?:\/\/[^/]*\/v1\//, { repeated: 'https://a' }]],
  'telemetry/tracing.ts': [[/\/$/, { repeated: '/', tail: 'a' }]],
};
