// Other tools fetch the very file that was signed.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, type Publisher, publisher } from '../core/people.ts';
import { temporaryFolder } from '../node/temporary.ts';
import { noise } from '../registry/content.ts';
import {
  type DockerRegistry,
  dockerRegistryFound,
  startDockerRegistry,
} from '../registry/docker-registry.ts';

const run = promisify(execFile);

function skopeoFound(): boolean {
  try {
    execFileSync('skopeo', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error('skopeo is not installed');
    process.stderr.write('NOT RUN: copies made by skopeo (apt-get install skopeo)\n');
    return false;
  }
}

describe.skipIf(!dockerRegistryFound || !skopeoFound())('skopeo', () => {
  let registry: DockerRegistry;
  let made: Publisher;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    made = await publisher(registry.host);
  });
  afterAll(() => registry?.stop());

  async function copied(tag: string): Promise<string> {
    const out = join(temporaryFolder(), 'out');
    const from = `docker://${registry.host}/${made.repository}:${tag}`;
    await run('skopeo', ['copy', '--insecure-policy', '--src-tls-verify=false', from, `dir:${out}`]);
    return out;
  }

  it('copies a published target whose file has the signed sha256', async () => {
    const data = noise(1_500_000);
    const { hashes } = await made.master.pushTarget('app.bin', data);
    await made.master.pushMetadata();
    const file = readFileSync(join(await copied(`${hashes['sha256']}.app.bin`), hashes['sha256'] ?? ''));
    expect(createHash('sha256').update(file).digest('hex')).toBe(hashes['sha256']);
    expect(file.equals(data)).toBe(true);
  });

  it('copies the parts of a target of several', async () => {
    const parts = [bytesOf('one'), bytesOf('two')];
    const { hashes } = await made.master.pushTarget('parts', parts);
    const out = await copied(`${hashes['sha256']}.parts`);
    for (const part of parts) {
      const hex = createHash('sha256').update(part).digest('hex');
      expect(readFileSync(join(out, hex)).equals(part)).toBe(true);
    }
    const manifest = readFileSync(join(out, 'manifest.json'));
    expect(createHash('sha256').update(manifest).digest('hex')).toBe(hashes['sha256']);
  });

  it('copies the bundle with the metadata files', async () => {
    await made.master.pushMetadata();
    const out = await copied('timestamp.json');
    const { layers }: { layers: { digest: string; annotations: Record<string, string> }[] } = JSON.parse(
      readFileSync(join(out, 'manifest.json'), 'utf8'),
    );
    const timestamp = layers.find(({ annotations }) => annotations['tuf.io/filename'] === 'timestamp.json');
    const text = readFileSync(join(out, timestamp?.digest.slice('sha256:'.length) ?? ''), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ signed: { _type: 'timestamp' } });
  });
});
