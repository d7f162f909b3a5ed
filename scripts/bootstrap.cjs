// The way into `npm start`, `npm run demo` and `npm test` on a machine that has only Node and npm.
// It loads nothing before the version check, so that an old Node can read this far and say what is wrong.
'use strict';

requireNode([20, 19]);

const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const rest = process.argv.slice(3);

const steps = {
  start: [install, build, start],
  demo: [install, build, demo],
  test: [install, check, build, test],
};
const chosen = steps[process.argv[2]];
if (!chosen) stop('usage: node scripts/bootstrap.cjs start | demo | test');
for (const step of chosen) step();

function requireNode(needed) {
  const have = process.versions.node.split('.').map(Number);
  if (have[0] > needed[0] || (have[0] === needed[0] && have[1] >= needed[1])) return;
  stop(
    `Bellhop needs Node ${needed.join('.')} or newer, and this is Node ${process.versions.node}.\n` +
      'Nothing was installed or started. Get a current Node from https://nodejs.org, or run the container image (README.md).',
  );
}

function install() {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  say('Installing packages (npm ci) …');
  npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
}

function build() {
  const built = path.join(root, 'dist', 'main.js');
  if (fs.existsSync(built) && fs.statSync(built).mtimeMs > newestIn(path.join(root, 'src'))) return;
  say('Building …');
  run(process.execPath, [bin('typescript', 'tsc'), '-p', 'src']);
}

/** When anything in a folder last changed, in milliseconds; a file that was removed shows in its folder's own time. */
function newestIn(folder) {
  const inside = fs.readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const entryPath = path.join(folder, entry.name);
    return entry.isDirectory() ? newestIn(entryPath) : fs.statSync(entryPath).mtimeMs;
  });
  return Math.max(fs.statSync(folder).mtimeMs, ...inside);
}

function check() {
  say('Checking types, style and floors …');
  run(process.execPath, [bin('typescript', 'tsc'), '-p', '.']);
  run(process.execPath, [bin('@biomejs/biome', 'biome'), 'check', '--error-on-warnings', '.']);
}

function test() {
  say('Testing …');
  run(process.execPath, [bin('vitest', 'vitest'), 'run', '--config', 'test/vitest.config.ts'].concat(rest));
}

function demo() {
  run(process.execPath, ['--import', 'tsx', 'scripts/demo/demo.ts'].concat(rest));
}

function start() {
  import('../dist/main.js').catch((error) => {
    process.exitCode = 1;
    throw error;
  });
}

function bin(packageName, command) {
  const folder = path.join(root, 'node_modules', packageName);
  const entry = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).bin;
  return path.join(folder, typeof entry === 'string' ? entry : entry[command]);
}

function npm(args) {
  if (process.env.npm_execpath) run(process.execPath, [process.env.npm_execpath].concat(args));
  else run('npm', args);
}

function run(command, args) {
  const result = childProcess.spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.error) stop(`${command} could not be run: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status === null ? 1 : result.status);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function stop(text) {
  say(text);
  process.exit(1);
}
