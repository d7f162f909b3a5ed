import { describe, expect, it } from 'vitest';
import { greeting } from '../../src/commands/greeting.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';

const vapid = generateVapidKeys();

describe('the greeting', () => {
  it('says where everything is', () => {
    const keys = { vapid, files: ['/srv/data/hmac-secret'], made: ['/srv/data/hmac-secret'] };
    const text = greeting('http://127.0.0.1:8080', { dataDir: '/srv/data', demoPage: 'local' }, keys);
    expect(text).toContain('  Demo page   http://127.0.0.1:8080/demo\n');
    expect(text).toContain('  Secrets     /srv/data/hmac-secret (made now; keep a copy)\n');
    expect(text).toContain(vapid.publicKey);
    expect(text).not.toContain(vapid.privateKey);
  });

  it('has a link to the console where somebody watches it', () => {
    const keys = { vapid, files: [], made: [] };
    const link = 'http://127.0.0.1:8080/console/sign-in?link=abc';
    const text = greeting('http://127.0.0.1:8080', { dataDir: '/srv/data', demoPage: 'elsewhere' }, keys, link);
    expect(text).toContain(`  Console     ${link}\n`);
    expect(text).toContain('then: bellhop console-link');
  });

  it('escapes what cannot be seen in the name of a folder', () => {
    const dataDir = '/srv/\u202edata\u001b[2J\n';
    const keys = { vapid, files: [`${dataDir}/hmac-secret`], made: [] };
    const text = greeting('http://127.0.0.1:8080', { dataDir, demoPage: 'elsewhere' }, keys);
    expect(text).toContain('  Data        /srv/\\u202edata\\u001b[2J\\n\n');
    expect(text).toContain('  Secrets     /srv/\\u202edata\\u001b[2J\\n/hmac-secret\n');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });
});
