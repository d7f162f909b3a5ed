// `npm pack` in src/client calls it: `make` builds what the package holds beside its manifest, `remove` takes that away again,
// so that src/ stays a folder of sources. From TypeScript alone: nothing of dist/ at the root is needed or touched.
'use strict';

const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'src', 'client');
const dist = path.join(folder, 'dist');
const license = path.join(folder, 'LICENSE');

const steps = { make, remove };
steps[process.argv[2]]();

function make() {
  remove();
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', folder, '--outDir', dist, '--emitDeclarationOnly', 'false'];
  childProcess.execFileSync(process.execPath, [tsc, ...options], { stdio: ['ignore', process.stderr, 'inherit'] });
  for (const name of fs.readdirSync(dist)) if (name.endsWith('.d.ts')) declare(name);
  // One instance of the code for both ways of loading it: Node 20.19 and later require what is written to be imported.
  fs.writeFileSync(path.join(dist, 'client.cjs'), "module.exports = require('./client.js');\n");
  fs.copyFileSync(path.join(root, 'LICENSE'), license);
}

/** Names the files beside it as older compilers look for them, and once more for `require`, of which they take only `.d.cts`. */
function declare(name) {
  const file = path.join(dist, name);
  const text = fs.readFileSync(file, 'utf8');
  const naming = (extension) => text.replace(/(from|import\()( ?'\.\/[a-z-]+)\.ts'/g, `$1$2${extension}'`);
  fs.writeFileSync(file, naming('.js'));
  fs.writeFileSync(file.replace(/\.d\.ts$/, '.d.cts'), naming('.cjs'));
}

function remove() {
  fs.rmSync(dist, { recursive: true, force: true });
  fs.rmSync(license, { force: true });
}
