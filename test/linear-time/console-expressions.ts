import type { Listed } from './listed-expression.ts';

const letters = { repeated: 'a', tail: '\n' };

/** What people at the console send; see `MEET_OUTSIDE_TEXT`. */
export const CONSOLE_FILES: Readonly<Record<string, readonly Listed[]>> = {
  'domain/operator/operator.ts': [[/^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._@+'’-]{0,63}$/u, letters]],
  'commands/verify-audit.ts': [[/^([1-9]\d{0,14}):([A-Za-z0-9_-]{43})$/, { head: '1:', ...letters }]],
  'domain/event/event-wire.ts': [[/[A-Z]/g, letters]],
  'http/v1/erasures.ts': [[/^era_[0-9a-hjkmnp-tv-z]{26}$/, { head: 'era_', ...letters }]],
  'domain/webhook/webhook-url.ts': [[/[\s\p{C}\\]/u, { repeated: 'a' }]],
  'http/v1/audit.ts': [[/^\d{1,15}$/, { repeated: '1', tail: 'x' }]],
  'http/v1/events.ts': [
    [/^\d{1,15}$/, { repeated: '1', tail: 'x' }],
    [/^(latest|\d{1,15})$/, { repeated: '1', tail: 'x' }],
  ],
  'store/seq-cursor.ts': [[/^[1-9]\d{0,14}$/, { repeated: '1', tail: 'x' }]],
  'http/console/once-claim.ts': [[/^[0-9a-f-]{36}$/, letters]],
  'http/console/user-forms.ts': [[/\s+/, { repeated: ' ' }]],
  'http/console/user-page.ts': [[/[\s,]+/, { repeated: ' ' }]],
  'http/console/sign-in.ts': [
    [/^[A-Za-z0-9_-]{43}$/, letters],
    [/^[a-z][a-z-]*(?:\?[^#]*)?$/, { repeated: 'a', tail: '#' }],
  ],
};
