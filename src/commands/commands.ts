import type { Command, Option } from './command.ts';

const PASSPHRASE_FILE: Option = {
  name: '--passphrase-file',
  value: 'FILE',
  meaning: 'Has the passphrase of the keys, in place of BACKUP_PASSPHRASE.',
};

/** Every command. What `bellhop help` tells and what is refused as wrong usage follows from these rows. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    meaning: 'Start the service. This is what bellhop does by itself.',
    more: `SIGTERM and SIGINT stop it: what is in flight ends first, and the exit code is 0. A second one ends it at once.
SIGHUP reads the API keys again.`,
    run: async () => {
      await (await import('./start.ts')).start();
      return null;
    },
  },
  {
    name: 'doctor',
    meaning: 'Look at everything that keeps pushes from arriving, and say what to do. Changes nothing.',
    options: [
      { name: '--json', meaning: 'Report as JSON, for machines.' },
      { name: '--offline', meaning: 'Look for no push service.' },
    ],
    more: 'Exit code: 0 where nothing failed, 1 where something did.',
    run: async ({ options }) => {
      const { runDoctor } = await import('./doctor/doctor.ts');
      return runDoctor({ isJson: options.has('--json'), isOffline: options.has('--offline') });
    },
  },
  {
    name: 'backup',
    meaning: 'Make a backup of the embedded store while the service runs: docs/backup.md.',
    operands: [{ name: 'FILE', meaning: 'where the backup goes, whole or not at all; - is standard output.' }],
    options: [
      { name: '--with-keys', meaning: 'With the VAPID keys and the API secret, encrypted with a passphrase.' },
      PASSPHRASE_FILE,
    ],
    more: 'It is made through the service; where none runs, of the file itself.',
    run: async ({ operands: [file = '-'], options }) => {
      const passphraseFile = options.get('--passphrase-file');
      const { runBackup } = await import('./backup.ts');
      return runBackup({ file, withKeys: options.has('--with-keys'), passphraseFile });
    },
  },
  {
    name: 'import',
    meaning: 'Take over the subscriptions of another push system: docs/moving.md.',
    operands: [{ name: 'FILE', meaning: 'NDJSON or CSV, gzip or not; - reads standard input.' }],
    options: [
      { name: '--dry-run', meaning: 'Write nothing, and tell what would come of each line.' },
      {
        name: '--vapid-keys',
        value: 'FILE',
        meaning: 'The key pair of the old system; it is kept, and signs for its own.',
      },
      {
        name: '--vapid-key',
        value: 'KEY',
        meaning: 'The public key of lines that name none, or current: the one of now.',
      },
      {
        name: '--map',
        value: 'MAP',
        meaning: 'FIELD=COLUMN: which column has a field. May be given again.',
        isList: true,
      },
      { name: '--format', value: 'NAME', meaning: 'ndjson or csv, where the file does not tell.' },
      { name: '--report', value: 'FILE', meaning: 'What became of each line, as NDJSON; - for standard output.' },
    ],
    more: `It goes through the Bellhop that runs here. A line that is refused keeps no other from being imported, and what is here
already stays as it is, so the same file can be imported again at any time.

Exit code: 0 where every line is in, 1 where one was refused or the import broke off, 2 where nothing was done.`,
    run: async (given) => (await import('./import/import.ts')).runImport(given),
  },
  {
    name: 'export',
    meaning: 'Write all active subscriptions as bellhop import takes them: docs/privacy.md.',
    operands: [{ name: 'FILE', meaning: 'NDJSON, a new file for its owner alone; - is standard output.' }],
    options: [
      { name: '--with-keys', meaning: 'With whole endpoints and keys, without which nobody can push or import.' },
    ],
    more: 'Through the service; where none runs, of the store itself. VAPID keys are never in it: bellhop backup has them.',
    run: async ({ operands: [file = '-'], options }) => {
      const { runExport } = await import('./export.ts');
      return runExport({ file, withKeys: options.has('--with-keys') });
    },
  },
  {
    name: 'erasures',
    meaning: 'List who was erased, naming nobody, or erase them again after a restore: docs/privacy.md.',
    operands: [
      { name: 'WHAT', meaning: 'export or apply.' },
      { name: 'FILE', meaning: 'where the list goes, or is; - is standard output, or input.' },
    ],
    more: 'Through the Bellhop that runs here. The embedded store has such a list beside it, and heeds it at each start.',
    run: async ({ operands: [what = '', file = '-'] }) => {
      const { runErasures } = await import('./erasures.ts');
      return runErasures({ what, file });
    },
  },
  {
    name: 'restore',
    meaning: 'Put a backup into an empty DATA_DIR. Nothing is sent before bellhop resume.',
    operands: [{ name: 'FILE', meaning: 'the backup; - is standard input.' }],
    options: [
      { name: '--allow-missing-log', meaning: 'Take a copy of a bellhop.db in use, whose newest rows are missing.' },
      PASSPHRASE_FILE,
    ],
    more: 'The backup is looked at first. Nothing that is there is written over.',
    run: async ({ operands: [file = '-'], options }) => {
      const passphraseFile = options.get('--passphrase-file');
      const { runRestore } = await import('./restore.ts');
      return runRestore({ file, mayMissLog: options.has('--allow-missing-log'), passphraseFile });
    },
  },
  {
    name: 'pause',
    meaning: 'Send nothing more before bellhop resume. What comes is accepted and kept.',
    run: async () => (await import('./sending.ts')).runPause(),
  },
  {
    name: 'resume',
    meaning: 'Send again after a restore or a pause, and say what becomes of what waited.',
    options: [
      { name: '--waiting', value: 'send|drop', meaning: 'What becomes of what was accepted before the pause.' },
    ],
    run: async ({ options }) => (await import('./sending.ts')).runResume(options.get('--waiting')),
  },
  {
    name: 'rotate-vapid-key',
    meaning: 'Make a new VAPID key the current one; the earlier ones go on signing for their own.',
    run: async () => (await import('./rotate-vapid-key.ts')).rotateVapidKey(),
  },
  {
    name: 'console-link',
    meaning: 'Print a link that signs one person in to the console: docs/console.md.',
    options: [
      {
        name: '--role',
        value: 'ROLE',
        meaning: 'viewer, who changes nothing, or operator; operator where it is left out.',
      },
      {
        name: '--name',
        value: 'NAME',
        meaning: 'Who will look, for the audit log; where it is left out, the user of this system.',
      },
      {
        name: '--revoke-all',
        meaning: 'Print none: sign everybody out, and take back the links that were not used yet.',
      },
    ],
    more: `The link is good once, for five minutes. It begins with CONSOLE_URL, or with this machine's address. The service must
run.`,
    run: async ({ options }) => {
      const { runConsoleLink, runRevokeSessions } = await import('./console-link.ts');
      if (options.has('--revoke-all')) return runRevokeSessions();
      return runConsoleLink({ role: options.get('--role') ?? 'operator', name: options.get('--name') });
    },
  },
  {
    name: 'verify-audit',
    meaning: 'Check that nobody changed the audit log: docs/console.md.',
    operands: [{ name: 'FILE', meaning: 'an export (GET /v1/audit/export), - is standard input.', mayBeMissing: true }],
    options: [
      { name: '--expect', value: 'SEQ:HASH', meaning: 'An end that an earlier run told: it must still be there.' },
    ],
    more: 'Without FILE it checks that of this installation. Exit code: 0 where the chain is whole, 1 where it is broken.',
    run: async ({ operands: [file], options }) =>
      (await import('./verify-audit.ts')).runVerifyAudit({ file, expect: options.get('--expect') }),
  },
  {
    name: 'emulator',
    meaning: 'Play four push services on this machine, to try things out: docs/emulator.md.',
    more: 'SIGTERM and SIGINT stop it.',
    run: async () => (await import('./emulator.ts')).runEmulator(),
  },
];
