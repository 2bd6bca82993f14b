// The repositories that these tests are made of: a builder that does not do what it says would prove nothing.
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/ports.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { ROLES } from '../../src/tuf/metadata.ts';
import { EXPIRED, repository, text } from '../tuf/repository.ts';
import { versionsOnly } from './edit.ts';

interface Read {
  readonly _type: string;
  readonly version: number;
  readonly expires: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

const signedOf = (file: Bytes): Read => (JSON.parse(text(file)) as { signed: Read }).signed;

describe('a repository of the builder', () => {
  // suite: test_repo_initialzation_unittest
  it('has the first version of the four roles, each of its own type', async () => {
    const files = await repository().build();
    expect(Object.keys(files).sort()).toEqual([...ROLES].sort());
    for (const role of ROLES) expect(signedOf(files[role])).toMatchObject({ _type: role, version: 1 });
  });

  // suite: test_basic_metadata_hash_support_unittest
  it('says in its timestamp and snapshot the lengths and hashes of the very files, or leaves them out', async () => {
    const { timestamp, snapshot, targets } = await repository().release(2).build();
    const named = (version: number, info: object) => ({ ...info, version });
    expect(signedOf(timestamp).meta).toEqual({ 'snapshot.json': named(2, await fileInfo(snapshot)) });
    expect(signedOf(snapshot).meta).toEqual({ 'targets.json': named(2, await fileInfo(targets)) });
    const bare = await repository().with('snapshot', versionsOnly).build();
    expect(signedOf(bare.snapshot).meta).toEqual({ 'targets.json': { version: 1 } });
  });

  // suite: test_update_timestamp
  it('expires when it is told to', async () => {
    const { timestamp } = await repository().with('timestamp', { expires: EXPIRED }).build();
    expect(signedOf(timestamp).expires).toBe(EXPIRED);
  });
});
