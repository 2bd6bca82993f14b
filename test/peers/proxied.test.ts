// Registries behind the proxies that people put before them, for TLS and as caches.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf } from '../core/people.ts';
import { registrySuite, type Started } from '../registry/suite.ts';
import { clientAt, journey, publisherAt } from './journey.ts';
import { type Authority, describeWithCommand, makeAuthority, trusting } from './places.ts';
import { type Front, startCaddy, startNginx } from './proxies.ts';
import { type Guard, kinds, login, type Start, startEmbedded } from './registries.ts';

const run = promisify(execFile);

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});
afterAll(() => authority?.stop());

interface Kind {
  readonly command: string;
  readonly name: string;
  start(upstream: URL): Promise<Front>;
}

const server = (port: number) => `
  listen 127.0.0.1:${port} ssl;
  ssl_certificate ${authority.certificate};
  ssl_certificate_key ${authority.key};
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_request_buffering off;`;

const proxies: readonly Kind[] = [
  {
    command: 'nginx',
    name: 'nginx that forwards the scheme',
    start: ({ host }) =>
      startNginx(
        (port) => `server {${server(port)}
  location / {
    proxy_pass http://${host};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
  }
}`,
      ),
  },
  {
    command: 'nginx',
    // Locations then begin with http:// (ATTACKS 82).
    name: 'nginx that forwards the host alone',
    start: ({ host }) =>
      startNginx(
        (port) => `server {${server(port)}
  location / {
    proxy_pass http://${host};
    proxy_set_header Host $http_host;
  }
}`,
      ),
  },
  {
    command: 'caddy',
    name: 'Caddy',
    start: ({ host }) =>
      startCaddy(
        (port) => `https://localhost:${port}, https://127.0.0.1:${port} {
  tls ${authority.certificate} ${authority.key}
  reverse_proxy ${host}
}`,
      ),
  },
];

/** A registry of a kind, behind a proxy. */
function behind(start: Start, guard: Guard, proxy: Kind): () => Promise<Started & { proxy: Front }> {
  return async () => {
    const registry = await start(guard);
    const front = await proxy.start(new URL(String(registry.place)));
    return {
      place: `https://localhost:${front.port}`,
      connection: { ...registry.connection, fetch: await trusting(authority) },
      proxy: front,
      stop: async () => {
        await front.stop();
        await registry.stop();
      },
    };
  };
}

for (const proxy of proxies) {
  describeWithCommand(proxy.command, `behind ${proxy.name}`, () => {
    for (const kind of kinds) {
      kind.describe(kind.name, (start) => {
        const guard = kind.guards.includes('token') ? 'token' : 'open';
        const startBehind = behind(start, guard, proxy);
        registrySuite('the client (ATTACKS 82)', startBehind);

        describe('publishing and pulling', () => {
          let started: Started;
          beforeAll(async () => {
            started = await startBehind();
          });
          afterAll(() => started?.stop());
          journey(() => ({ publisher: started, client: started }));
        });
      });
    }
  });
}

describeWithCommand('nginx', 'the embedded registry behind nginx that asks to sign in', () => {
  const startGuarded = async (): Promise<Started> => {
    const registry = await startEmbedded('open');
    const { stdout } = await run('openssl', ['passwd', '-apr1', login.password]);
    const home = await mkdtemp(join(tmpdir(), 'dtuf-htpasswd-'));
    await writeFile(join(home, 'htpasswd'), `${login.username}:${stdout}`);
    const proxy = await startNginx(
      (port) => `server {${server(port)}
  auth_basic "registry";
  auth_basic_user_file ${home}/htpasswd;
  location / { proxy_pass http://${new URL(String(registry.place)).host}; }
}`,
    );
    return {
      place: `https://localhost:${proxy.port}`,
      connection: { credentials: login, fetch: await trusting(authority) },
      stop: async () => {
        await proxy.stop();
        await registry.stop();
        await rm(home, { recursive: true, force: true });
      },
    };
  };
  registrySuite('the client', startGuarded);
});

describeWithCommand('nginx', 'the command, of an authority of one’s own', () => {
  const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

  it('trusts it by NODE_EXTRA_CA_CERTS, and not without', async () => {
    const registry = await startEmbedded('open');
    const made = await publisherAt({ publisher: registry, client: registry });
    await made.master.pushMetadata();
    const proxy = await startNginx(
      (port) =>
        `server {${server(port)}
  location / { proxy_pass http://${new URL(String(registry.place)).host}; }
}`,
    );
    const list = (env: NodeJS.ProcessEnv) =>
      run(process.execPath, [cli, 'list-repos'], {
        env: { PATH: process.env['PATH'], DTUF_HOST: `https://localhost:${proxy.port}`, ...env },
      });
    try {
      const { stdout } = await list({ NODE_EXTRA_CA_CERTS: authority.file });
      expect(stdout).toBe(`${made.repository}\n`);
      await expect(list({})).rejects.toThrow(/connection to .* failed/i);
    } finally {
      await proxy.stop();
      await registry.stop();
    }
  });
});

describeWithCommand('nginx', 'behind nginx that keeps yesterday’s answers', () => {
  let registry: Started;
  let proxy: Front;
  beforeAll(async () => {
    registry = await startEmbedded('open');
    proxy = await startNginx(
      (port, folder) => `proxy_cache_path ${folder}/cache keys_zone=kept:1m;
server {
  listen 127.0.0.1:${port};
  client_max_body_size 0;
  location / {
    proxy_pass http://${new URL(String(registry.place)).host};
    proxy_cache kept;
    proxy_cache_valid 200 1d;
    proxy_ignore_headers Cache-Control Expires Vary;
  }
}`,
    );
  });
  afterAll(async () => {
    await proxy?.stop();
    await registry?.stop();
  });

  it('a publish is told of the stale answers, heals nothing, and is there for all when they are gone (ATTACKS 99)', async () => {
    const cached = { place: `http://127.0.0.1:${proxy.port}` };
    const made = await publisherAt({ publisher: cached, client: cached });
    const { master, notices } = made;
    const old = clientAt({ publisher: cached, client: cached }, made);
    const bundles = async () => {
      const bundle = `PUT /v2/${made.repository}/manifests/timestamp.json 201`;
      return (await proxy.requests()).filter((request) => request === bundle).length;
    };
    await master.pushTarget('a', bytesOf('a'));
    await master.pushMetadata();
    // The answer to this is kept for a day.
    await old.pullMetadata();

    for (const [i, target] of ['b', 'c'].entries()) {
      await master.pushTarget(target, bytesOf(target));
      const { healed } = await master.pushMetadata();
      expect([target, healed, await bundles()]).toEqual([target, false, i + 2]);
      expect(notices.filter((text) => /stale/.test(text))).toHaveLength(i + 1);
    }
    // A client behind the cache verifies what it gets, and does not go back; one beside it has everything.
    expect((await old.pullMetadata()).removed).toEqual([]);
    const fresh = clientAt({ publisher: registry, client: registry }, made);
    expect((await fresh.pullMetadata()).changed).toEqual(['a', 'b', 'c']);
  });
});
