// What is published is an image like others: tools that speak docker's own protocol fetch the very files.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { bytesOf, type Publisher, publisher } from '../core/people.ts';
import { sha256, temporaryFolder } from '../embedded/places.ts';
import { noise } from '../registry/content.ts';
import { describeWithCommand, describeWithPeer } from './places.ts';

const run = promisify(execFile);
const data = noise(1_500_000, 41);

/** How a tool fetches: each returns a folder or bytes. */
interface Tool {
  /** The files of the manifest under a tag. @returns by name or digest, as the tool names them. */
  files(reference: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** A manifest. */
  manifest(reference: string): Promise<Uint8Array>;
}

/** Runs `tests` over a repository with two targets that the embedded registry serves. */
function withPublished(tool: Tool): void {
  let serving: Awaited<ReturnType<typeof serve>>;
  let made: Publisher;
  let target: string;
  const reference = (tag: string) => `127.0.0.1:${serving.port}/${made.repository}:${tag}`;
  beforeAll(async () => {
    serving = await serve({ storage: memoryStorage() });
    made = await publisher(serving.url);
    const { hashes } = await made.master.pushTarget('app.bin', data);
    target = hashes['sha256'] ?? '';
    await made.master.pushTarget('parts', [bytesOf('one'), bytesOf('two')]);
    await made.master.pushMetadata();
  });
  afterAll(() => serving?.close());

  it('fetches a target whose file has the signed sha256', async () => {
    const files = await tool.files(reference(`${target}.app.bin`));
    expect([...files.values()].map(sha256)).toContain(`sha256:${target}`);
  });

  it('fetches the metadata files of the bundle', async () => {
    const files = await tool.files(reference('timestamp.json'));
    const types = [...files.values()].flatMap((bytes) => typeOf(bytes));
    expect(types.sort()).toEqual(['root', 'snapshot', 'targets', 'timestamp']);
  });

  it('fetches the manifest of several parts, which is the signed target', async () => {
    const targets = [...(await tool.files(reference('timestamp.json'))).values()].find(
      (bytes) => typeOf(bytes)[0] === 'targets',
    );
    const { signed }: { signed: { targets: Record<string, { hashes: { sha256: string } }> } } = JSON.parse(
      new TextDecoder().decode(targets),
    );
    const hash = signed.targets['parts']?.hashes.sha256;
    expect(sha256(await tool.manifest(reference(`${hash}.parts`)))).toBe(`sha256:${hash}`);
  });
}

/** The type of TUF metadata; none of other files. */
function typeOf(bytes: Uint8Array): string[] {
  try {
    const value: { signed?: { _type?: string } } = JSON.parse(new TextDecoder().decode(bytes));
    return value.signed?._type === undefined ? [] : [value.signed._type];
  } catch {
    return []; // The empty configuration and the like.
  }
}

function read(folder: string): Map<string, Uint8Array> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

describeWithCommand('skopeo', 'skopeo', () => {
  const copy = async (reference: string) => {
    const out = join(temporaryFolder(), 'out');
    const from = `docker://${reference}`;
    await run('skopeo', ['copy', '--insecure-policy', '--src-tls-verify=false', from, `dir:${out}`]);
    return read(out);
  };
  withPublished({
    files: copy,
    manifest: async (reference) => (await copy(reference)).get('manifest.json') ?? new Uint8Array(),
  });
});

describeWithPeer('oras', 'oras', (oras) => {
  withPublished({
    async files(reference) {
      const out = temporaryFolder();
      await run(oras, ['pull', '--plain-http', '--no-tty', '--output', out, reference]);
      return read(out);
    },
    manifest: async (reference) =>
      (await run(oras, ['manifest', 'fetch', '--plain-http', reference], { encoding: 'buffer' })).stdout,
  });

  it('restores the names of the metadata files from their titles', async () => {
    const serving = await serve({ folder: temporaryFolder() });
    try {
      const { master, repository } = await publisher(serving.url);
      await master.pushMetadata();
      const out = temporaryFolder();
      const from = `127.0.0.1:${serving.port}/${repository}:timestamp.json`;
      await run(oras, ['pull', '--plain-http', '--no-tty', '--output', out, from]);
      expect(readdirSync(out).sort()).toEqual([
        '1.root.json',
        '2.snapshot.json',
        '2.targets.json',
        'timestamp.json',
      ]);
    } finally {
      await serving.close();
    }
  });

  it('attaches to what was published, and finds it again by the referrers', async () => {
    const serving = await serve({ folder: temporaryFolder() });
    try {
      const { master, repository } = await publisher(serving.url);
      await master.pushMetadata();
      const to = `127.0.0.1:${serving.port}/${repository}:timestamp.json`;
      const type = ['--artifact-type', 'application/vnd.example.note'];
      await run(oras, ['attach', '--plain-http', '--no-tty', ...type, '--annotation', 'note=hello', to]);
      const { stdout } = await run(oras, ['discover', '--plain-http', '--format', 'json', ...type, to]);
      expect(stdout).toContain('application/vnd.example.note');
    } finally {
      await serving.close();
    }
  });
});

describeWithPeer('crane', 'crane', (crane) => {
  const ask = async (...args: string[]) =>
    (await run(crane, [...args, '--insecure'], { encoding: 'buffer', maxBuffer: 16_000_000 })).stdout;
  const manifest = (reference: string) => ask('manifest', reference);
  withPublished({
    manifest,
    async files(reference) {
      const { layers }: { layers: { digest: string }[] } = JSON.parse(String(await manifest(reference)));
      const repository = reference.replace(/:[^:/]*$/, '');
      const blobs = layers.map(
        async ({ digest }) => [digest, await ask('blob', `${repository}@${digest}`)] as const,
      );
      return new Map(await Promise.all(blobs));
    },
  });
});
