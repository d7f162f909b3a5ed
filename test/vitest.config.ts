import { defineConfig } from 'vitest/config';

/** They start processes, servers or browsers, or change what a process has once: each file gets a process of its own. */
const ON_THEIR_OWN = [
  'test/{api-clients,browser,deno,e2e,sdk}/**/*.test.ts',
  'test/push/transport-faults-fuzz.test.ts',
  'test/store/**/*.test.ts',
];

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Two noisy cores: more workers only make each other late.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'own process', include: ON_THEIR_OWN } },
      // Loading the modules takes longer than most of these tests, so it is done once for all files.
      {
        extends: true,
        test: { name: 'shared process', include: ['test/**/*.test.ts'], exclude: ON_THEIR_OWN, isolate: false },
      },
    ],
  },
});
