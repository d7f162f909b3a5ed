import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearMissesOf } from '../../src/config/near-misses.ts';
import { SETTINGS } from '../../src/config/settings.ts';

describe('nearMissesOf', () => {
  it.each([
    ['VAPID_SUBJET', 'VAPID_SUBJECT'],
    ['VAPID_SUBEJCT', 'VAPID_SUBJECT'],
    ['VAPID_SUBJEECT', 'VAPID_SUBJECT'],
    ['VAPIDSUBJECT', 'VAPID_SUBJECT'],
    ['vapid_subject', 'VAPID_SUBJECT'],
    ['VAPID_PRIVAT_KEY', 'VAPID_PRIVATE_KEY'],
    ['VAPID_PRIVATE_KEY_FIEL', 'VAPID_PRIVATE_KEY_FILE'],
    ['HMAC_SECERT', 'HMAC_SECRET'],
    ['MONGODB_URI', 'MONGODB_URL'],
    ['MONGO_URL', 'MONGODB_URL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['API_KEY', 'API_KEYS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['RETENTION_DAY', 'RETENTION_DAYS'],
    ['PUSH_ALLOWED_HOST', 'PUSH_ALLOWED_HOSTS'],
  ])('takes %s for %s, and shows no value', (name, meant) => {
    const [sentence, ...rest] = nearMissesOf({ [name]: 'pa55word' });
    expect(sentence).toMatch(new RegExp(`^${name} is no setting\\b.* ${meant}\\b`));
    expect(sentence).not.toContain('pa55word');
    expect(rest).toEqual([]);
  });

  it.each(Object.keys(SETTINGS))('says nothing of %s', (name) => {
    expect(nearMissesOf({ [name]: 'x' })).toEqual([]);
  });

  it('says nothing where the setting itself is there, or the name has no value', () => {
    expect(nearMissesOf({ MONGODB_URI: 'mongodb://a/b', MONGODB_URL: 'mongodb://a/b' })).toEqual([]);
    expect(nearMissesOf({ HMAC_SECRETS: 'x', HMAC_SECRET_FILE: '/run/secrets/hmac' })).toEqual([]);
    expect(nearMissesOf({ VAPID_SUBJET: '' })).toEqual([]);
  });

  it('says nothing of what systems, shells, containers and platforms set', () => {
    const names = [
      'PATH HOME HOSTNAME HOSTTYPE SHELL SHLVL USER LOGNAME PWD OLDPWD LANG LC_ALL TERM TZ TMPDIR EDITOR PAGER MAIL DISPLAY',
      'PORTS POST HOSTS HOST_IP ROLE DATA LOG_DIR LOG_FILE SSH_CLIENT SSH_TTY XDG_DATA_DIRS XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS',
      'NODE_ENV NODE_OPTIONS NODE_VERSION NODE_EXTRA_CA_CERTS NPM_CONFIG_CACHE YARN_VERSION INIT_CWD CI DEBUG FORCE_COLOR NO_COLOR',
      'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy SSL_CERT_FILE SSL_CERT_DIR',
      'KUBERNETES_SERVICE_HOST KUBERNETES_PORT REDIS_HOST REDIS_PORT REDIS_SERVICE_HOST REDIS_PASSWORD MONGODB_PORT',
      'DATABASE_URL SECRET_KEY SECRET_KEY_BASE APP_URL WEB_CONCURRENCY RENDER_EXTERNAL_URL FLY_APP_NAME DYNO INVOCATION_ID',
    ].flatMap((line) => line.split(' '));
    expect(nearMissesOf(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
  });

  it('is total, and quick with names of any length', () => {
    const environment = fc.dictionary(fc.string({ maxLength: 5000 }), fc.string());
    fc.assert(
      fc.property(environment, (given) => {
        expect(nearMissesOf(given).length).toBeLessThanOrEqual(Object.keys(given).length);
      }),
    );
  });
});
