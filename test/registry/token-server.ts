import { execFile } from 'node:child_process';
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface TokenRequest {
  readonly service: string | null;
  readonly scopes: readonly string[];
  readonly authorization: string | undefined;
  /** Of a POST. */
  readonly refreshToken?: string | null;
}

export interface TokenServer {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM, for the registry. */
  readonly certificate: string;
  readonly requests: TokenRequest[];
  /** How the next tokens are handed out. */
  behaviour: TokenBehaviour;
  stop(): Promise<void>;
}

export interface TokenBehaviour {
  /** Fields of the answer that carry the token. */
  readonly fields: readonly ('token' | 'access_token')[];
  /** Seconds that a token lives, and `expires_in` unless that is left out of the answer. */
  readonly lifetime: number;
  readonly sayLifetime: boolean;
}

export const usualBehaviour: TokenBehaviour = { fields: ['token'], lifetime: 300, sayLifetime: true };

/** Who may do what: pulling is free where `anonymousPull`, all else takes the login. */
export interface TokenRules {
  readonly login: { readonly username: string; readonly password: string };
  readonly anonymousPull?: boolean;
  /** What a POST is answered for, as OAuth2 has it; without one a POST is 405. */
  readonly identityToken?: string;
}

/** A token server as the distribution registry wants one: ES256, with its certificate. */
export async function startTokenServer(rules: TokenRules): Promise<TokenServer> {
  const { login, anonymousPull = false, identityToken } = rules;
  const { key, certificate } = await makeKey();
  const issuer = 'test issuer';
  const service = 'test registry';
  const requests: TokenRequest[] = [];
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const server = createServer(async (incoming, outgoing) => {
    const asked = incoming.method === 'POST' ? await readForm(incoming) : read(incoming);
    requests.push(asked);
    if (incoming.method === 'POST' && identityToken === undefined) {
      outgoing.writeHead(405).end();
      return;
    }
    const isHolder = identityToken !== undefined && asked.refreshToken === identityToken;
    const known = isHolder || asked.authorization === expected;
    if (!known && (asked.authorization !== undefined || !anonymousPull)) {
      const echo = `no such user: ${asked.authorization}`;
      outgoing.writeHead(401, { 'Content-Type': 'application/json' });
      outgoing.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: echo }] }));
      return;
    }
    const { fields, lifetime, sayLifetime } = running.behaviour;
    const access = asked.scopes.map((scope) => grant(scope, known));
    const token = makeToken(key, { issuer, service, lifetime, access, certificate: base64Of(certificate) });
    const body = Object.fromEntries(fields.map((field) => [field, token]));
    outgoing.writeHead(200, { 'Content-Type': 'application/json' });
    outgoing.end(JSON.stringify({ ...body, ...(sayLifetime ? { expires_in: lifetime } : {}) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: TokenServer = {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    service,
    issuer,
    certificate,
    requests,
    behaviour: usualBehaviour,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return running;
}

function read({ url = '/', headers }: IncomingMessage): TokenRequest {
  const { searchParams } = new URL(url, 'http://localhost');
  return {
    service: searchParams.get('service'),
    scopes: searchParams.getAll('scope'),
    authorization: headers.authorization,
  };
}

async function readForm(incoming: IncomingMessage): Promise<TokenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  return {
    service: form.get('service'),
    scopes: (form.get('scope') ?? '').split(' ').filter(Boolean),
    authorization: incoming.headers.authorization,
    refreshToken: form.get('refresh_token'),
  };
}

function grant(scope: string, known: boolean): object {
  const [type, name, actions = ''] = scope.split(':');
  const allowed = actions.split(',').filter((action) => known || action === 'pull');
  return { type, name, actions: allowed };
}

async function makeKey(): Promise<{ key: string; certificate: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'token-server-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test'.split(
    ' ',
  );
  try {
    await promisify(execFile)('openssl', [...how, '-keyout', key, '-out', certificate]);
    return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function makeToken(
  pem: string,
  claims: {
    issuer: string;
    service: string;
    lifetime: number;
    access: readonly object[];
    /** In base64. */
    certificate: string;
  },
): string {
  const now = Math.floor(Date.now() / 1000);
  const key = createPrivateKey(pem);
  // Of the key id, distribution 2.8 and 3 have different ideas; the certificate is the same to both.
  const header = { typ: 'JWT', alg: 'ES256', x5c: [claims.certificate] };
  const payload = {
    iss: claims.issuer,
    aud: claims.service,
    sub: 'test',
    iat: now,
    nbf: now - 10,
    exp: now + claims.lifetime,
    jti: randomUUID(),
    access: claims.access,
  };
  const signed = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The DER in a PEM. */
function base64Of(pem: string): string {
  return pem.replace(/-----[^-]*-----|\s/g, '');
}
