import { expect, it } from 'vitest';
import { settingsShown } from '../../src/config/settings-shown.ts';

it('shows what was set, and hides what is secret', () => {
  const shown = settingsShown({
    PORT: '9000',
    HMAC_SECRET: 'the secret',
    API_KEYS: 'shop:the secret of the shop',
    MONGODB_URL_FILE: '/run/secrets/mongodb',
    HTTPS_PROXY: 'http://user:password@proxy:3128',
    HOST: '',
    HOME: '/root',
  });
  expect(shown).toEqual([
    ['PORT', '9000'],
    ['MONGODB_URL', 'in /run/secrets/mongodb'],
    ['HMAC_SECRET', 'set, and hidden here'],
    ['API_KEYS', 'set, and hidden here'],
    ['HTTPS_PROXY', 'set, and hidden here'],
  ]);
});
