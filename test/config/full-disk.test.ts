import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadKeys, rotateVapidFile } from '../../src/config/key-files.ts';
import { describeWithSmallDisk, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

describeWithSmallDisk('keys on a full disk', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = mountSmallDisk(1);
  });
  afterEach(() => disk.dispose());

  const settings = () => ({
    dataDir: join(disk.folder, 'data'),
    apiKeys: [],
    vapidKeys: null,
    olderVapidKeys: [],
    apiKeysFile: null,
    secretFiles: [],
    allowShortSecrets: false,
  });
  const files = (): string[] => readdirSync(settings().dataDir).sort();

  it('are not made in part: the error says what to do, and they are made once there is room', () => {
    disk.fill();
    expect(() => loadKeys(settings())).toThrow(/cannot be written \(ENOSPC\): free some space on its disk/);
    expect(files()).toEqual([]);
    disk.clear();
    loadKeys(settings());
    expect(files()).toEqual(['hmac-secret', 'vapid.json']);
  });

  it('are read as ever, and stay as they are where they cannot be rotated', () => {
    const { vapid, apiKeys } = loadKeys(settings());
    const kept = files().map((name) => readFileSync(join(settings().dataDir, name), 'utf8'));
    disk.fill();
    expect(() => rotateVapidFile(settings().dataDir)).toThrow(/free some space on its disk; nothing was changed/);
    expect(files().map((name) => readFileSync(join(settings().dataDir, name), 'utf8'))).toEqual(kept);
    expect(loadKeys(settings())).toMatchObject({ vapid, apiKeys, made: [] });
  });
});
