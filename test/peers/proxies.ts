// nginx and Caddy before a registry, with the configurations that the tests or the documents give.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOnPort } from './places.ts';

export interface Front {
  readonly port: number;
  /** The requests that came, as in `GET /v2/ 200`. */
  requests(): Promise<string[]>;
  stop(): Promise<void>;
}

/** @param http what stands in nginx's `http { }`, for a port; in `folder` it may keep files. */
export async function startNginx(
  http: (port: number, folder: string) => string | Promise<string>,
): Promise<Front> {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-nginx-'));
  const configuration = join(folder, 'nginx.conf');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const running = await startOnPort(async (port) => {
    const servers = await http(port, folder);
    await writeFile(
      configuration,
      `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  ${temporary}
  log_format short '$request_method $request_uri $status';
  access_log ${folder}/access.log short;
  ${servers}
}
`,
    );
    return { command: 'nginx', args: ['-p', folder, '-e', 'stderr', '-c', configuration] };
  });
  return {
    port: running.port,
    requests: async () => {
      await knock(running.port);
      const lines = (await readFile(join(folder, 'access.log'), 'utf8')).split('\n');
      return lines.filter((line) => /^[A-Z]+ \//.test(line));
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its one worker writes what it has answered into its log before it turns to this. */
async function knock(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.end('no request\r\n\r\n').resume();
  await once(socket, 'close');
}

/** @param sites what stands in the Caddyfile after its global options, for a port. */
export async function startCaddy(sites: (port: number) => string | Promise<string>): Promise<Front> {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-caddy-'));
  const configuration = join(folder, 'Caddyfile');
  const log = join(folder, 'access.log');
  const running = await startOnPort(async (port) => {
    const text = `{
  admin off
  auto_https off
  storage file_system ${folder}
}
${await sites(port)}
`;
    // Every site writes what it was asked.
    const logging = `log {\n    output file ${log}\n    format json\n  }\n`;
    await writeFile(configuration, text.replace(/^(\S[^\n]* \{\n)(?! {2}admin)/gm, `$1  ${logging}`));
    return {
      command: 'caddy',
      args: ['run', '--adapter', 'caddyfile', '--config', configuration],
      env: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder },
    };
  });
  return {
    port: running.port,
    requests: async () =>
      (await readFile(log, 'utf8'))
        .trim()
        .split('\n')
        .map((line): { request?: { method: string; uri: string }; status?: number } => JSON.parse(line))
        .map(({ request, status }) => `${request?.method} ${request?.uri} ${status}`),
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
