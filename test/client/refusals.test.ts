// Attacks on a client that has state: each is refused, the state keeps what it was or gains what was verified, and no
// byte of the attacker is handed out.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import type { Bytes } from '../../src/ports.ts';
import type { Role } from '../../src/tuf/metadata.ts';
import { EXPIRED, type Files, type Repository, repository, text } from '../tuf/repository.ts';
import { CURRENT, refreshed, stateOf } from './place.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });
const evil = plain.withTargets({ 'demo.txt': 'Evil' });
const root = await plain.root();
const five = await plain.release(5).build();

/** Several files as one generation. */
const mix = async (first: Repository, second: Repository, ...roles: Role[]): Promise<Files> => {
  const [files, others] = [await first.build(), await second.build()];
  return { ...files, ...Object.fromEntries(roles.map((role) => [role, others[role]])) };
};

interface Attack {
  files: () => Promise<Files>;
  roots?: () => Promise<Bytes[]>;
  refused: { code: string; role?: string; clause?: string };
  /** Files that were verified before the refusal, and may be kept. */
  verified?: readonly Role[];
  /** Files that a new root made worthless (5.3.11). */
  forgotten?: readonly Role[];
}

const next = plain.release(6);

const attacks: Record<string, Attack> = {
  'a timestamp that is an array (ATTACKS 1)': {
    files: () => next.with('timestamp', { file: () => '[]' }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'an empty timestamp (ATTACKS 1)': {
    files: () => next.with('timestamp', { file: () => '' }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'a timestamp with a byte order mark (ATTACKS 2)': {
    files: () => next.with('timestamp', { file: (json) => `\ufeff${json}` }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'a timestamp of brackets (ATTACKS 8)': {
    files: () => next.with('timestamp', { file: () => '['.repeat(16_000) }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'a timestamp above its bound (ATTACKS 8)': {
    files: () => next.with('timestamp', { file: () => '['.repeat(17_000) }).build(),
    refused: { code: 'LIMIT_EXCEEDED' },
  },
  'a root above its bound (ATTACKS 8)': {
    files: () => next.build(),
    roots: async () => [root, utf8('['.repeat(600_000))],
    refused: { code: 'LIMIT_EXCEEDED' },
  },
  'a next root that is no JSON (ATTACKS 1)': {
    files: () => next.build(),
    roots: async () => [root, utf8('<html>')],
    refused: { code: 'METADATA_INVALID', role: 'root' },
  },
  'a timestamp of TUF 2 (ATTACKS 9)': {
    files: () =>
      next.with('timestamp', { signed: (signed) => ({ ...signed, spec_version: '2.0.0' }) }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'a timestamp of another type (ATTACKS 11)': {
    files: () => next.with('timestamp', { signed: (signed) => ({ ...signed, _type: 'snapshot' }) }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'a timestamp that nobody signed (ATTACKS 14)': {
    files: () => next.with('timestamp', { signedBy: [] }).build(),
    refused: { code: 'METADATA_UNSIGNED', role: 'timestamp', clause: '5.4.2' },
  },
  'a timestamp whose signature stands twice (ATTACKS 15)': {
    files: () => next.with('timestamp', { signatures: (all) => [...all, ...all] }).build(),
    refused: { code: 'METADATA_INVALID', role: 'timestamp' },
  },
  'a next root signed by the new keys only (ATTACKS 26)': {
    files: () => next.build(),
    roots: async () => [root, await plain.nextRoot({ keys: ['new'], signedBy: ['new'] }).root()],
    refused: { code: 'METADATA_UNSIGNED', role: 'root', clause: '5.3.4' },
  },
  'a next root signed by the old keys only (ATTACKS 26)': {
    files: () => next.build(),
    roots: async () => [root, await plain.nextRoot({ keys: ['new'], signedBy: ['root'] }).root()],
    refused: { code: 'METADATA_UNSIGNED', role: 'root', clause: '5.3.4' },
  },
  'the root after the next as the next (ATTACKS 27)': {
    files: () => next.build(),
    roots: async () => [root, await plain.nextRoot({ version: 3 }).root()],
    refused: { code: 'METADATA_ROLLBACK', role: 'root', clause: '5.3.5' },
  },
  'the same root as the next (ATTACKS 27)': {
    files: () => next.build(),
    roots: async () => [root, root],
    refused: { code: 'METADATA_ROLLBACK', role: 'root', clause: '5.3.5' },
  },
  'a next root that has expired (ATTACKS 29)': {
    files: () => next.build(),
    roots: async () => [root, await plain.nextRoot({ expires: EXPIRED }).root()],
    refused: { code: 'METADATA_EXPIRED', role: 'root', clause: '5.3.10' },
    verified: ['root'],
  },
  'a timestamp of a key that root has dropped (ATTACKS 19)': {
    files: () => next.build(),
    roots: async () => [
      root,
      await plain
        .with('timestamp', { keys: ['new'] })
        .nextRoot()
        .root(),
    ],
    refused: { code: 'METADATA_UNSIGNED', role: 'timestamp', clause: '5.4.2' },
    verified: ['root'],
    forgotten: ['timestamp', 'snapshot'],
  },
  'an older timestamp (ATTACKS 30)': {
    files: () => evil.release(4).build(),
    refused: { code: 'METADATA_ROLLBACK', role: 'timestamp', clause: '5.4.3.1' },
  },
  'a newer timestamp with an older snapshot (ATTACKS 31)': {
    files: () => evil.release(4).with('timestamp', { version: 6 }).build(),
    refused: { code: 'METADATA_ROLLBACK', role: 'snapshot', clause: '5.4.3.2' },
  },
  'a newer snapshot with older targets (ATTACKS 30)': {
    files: () => evil.release(6).with('targets', { version: 4 }).build(),
    refused: { code: 'METADATA_ROLLBACK', role: 'targets', clause: '5.5.5' },
    verified: ['timestamp'],
  },
  'a snapshot without targets (ATTACKS 32)': {
    files: () => next.with('snapshot', { signed: (signed) => ({ ...signed, meta: {} }) }).build(),
    refused: { code: 'METADATA_INVALID', role: 'snapshot' },
    verified: ['timestamp'],
  },
  'an expired timestamp (ATTACKS 13)': {
    files: () => evil.release(6).with('timestamp', { expires: EXPIRED }).build(),
    refused: { code: 'METADATA_EXPIRED', role: 'timestamp', clause: '5.4.4' },
  },
  'an expired snapshot (ATTACKS 13)': {
    files: () => evil.release(6).with('snapshot', { expires: EXPIRED }).build(),
    refused: { code: 'METADATA_EXPIRED', role: 'snapshot', clause: '5.5.6' },
    verified: ['timestamp'],
  },
  'expired targets (ATTACKS 13)': {
    files: () => evil.release(6).with('targets', { expires: EXPIRED }).build(),
    refused: { code: 'METADATA_EXPIRED', role: 'targets', clause: '5.6.5' },
    verified: ['timestamp', 'snapshot'],
  },
  'the snapshot of another release (ATTACKS 35)': {
    files: () => mix(next, evil.release(6).with('snapshot', { expires: '2027-05-05T00:00:00Z' }), 'snapshot'),
    refused: { code: 'METADATA_MISMATCH', role: 'snapshot', clause: '5.5.2' },
    verified: ['timestamp'],
  },
  'the targets of another release (ATTACKS 35)': {
    files: () => mix(next, evil.release(6), 'targets'),
    refused: { code: 'METADATA_MISMATCH', role: 'targets', clause: '5.6.2' },
    verified: ['timestamp', 'snapshot'],
  },
  'a snapshot with a byte more (ATTACKS 36)': {
    files: () => mix(next, next.with('snapshot', { file: (json) => `${json} ` }), 'snapshot'),
    refused: { code: 'LIMIT_EXCEEDED' },
    verified: ['timestamp'],
  },
  'a snapshot with a byte less (ATTACKS 36)': {
    files: () => mix(next.with('snapshot', { file: (json) => `${json} ` }), next, 'snapshot'),
    refused: { code: 'METADATA_MISMATCH', role: 'snapshot', clause: '5.5.2' },
    verified: ['timestamp'],
  },
  'targets with a byte less (ATTACKS 36)': {
    files: () => mix(next.with('targets', { file: (json) => `${json} ` }), next, 'targets'),
    refused: { code: 'METADATA_MISMATCH', role: 'targets', clause: '5.6.2' },
    verified: ['timestamp', 'snapshot'],
  },
  'a snapshot signed by another role’s key (ATTACKS 19)': {
    files: () =>
      evil
        .release(6)
        .with('snapshot', { signedBy: ['timestamp'] })
        .build(),
    refused: { code: 'METADATA_UNSIGNED', role: 'snapshot', clause: '5.5.3' },
    verified: ['timestamp'],
  },
  'targets signed by another role’s key (ATTACKS 19)': {
    files: () =>
      evil
        .release(6)
        .with('targets', { signedBy: ['timestamp', 'snapshot'] })
        .build(),
    refused: { code: 'METADATA_UNSIGNED', role: 'targets', clause: '5.6.3' },
    verified: ['timestamp', 'snapshot'],
  },
};

describe.each(Object.entries(attacks))(
  '%s',
  (_, { files, roots, refused, verified = [], forgotten = [] }) => {
    it('is refused, and nothing but what was verified is kept', async () => {
      const { place, store, copy, before } = await refreshed(five);
      const offered = await files();
      const offeredRoots = (await roots?.()) ?? [root];
      await place.publish(offered, offeredRoots, ['Evil']);
      await expect(copy.pullMetadata()).rejects.toMatchObject({ name: 'DTufError', ...refused });

      const after = await stateOf(store);
      for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
        const file = role === 'root' ? (offeredRoots.at(-1) ?? root) : offered[role];
        const kept = verified.includes(role) ? text(file) : before[`${CURRENT}${role}.json`];
        expect(after[`${CURRENT}${role}.json`], role).toBe(forgotten.includes(role) ? undefined : kept);
      }
      expect(after['repository/metadata/first_root.json']).toBe(text(root));
      expect(after['repository/dtuf.json']).toBe(before['repository/dtuf.json']);

      // What is still whole is still handed out; the attacker's never is.
      const data = await copy.pullTarget('demo.txt').then(
        (target) => target.text(),
        (error: { name: string }) => error.name,
      );
      expect(['Hello', 'DTufError']).toContain(data);
      if (verified.length === 0) expect(data).toBe('Hello');
    });

    it('does not keep the client from the next good release', async () => {
      const { place, copy } = await refreshed(five);
      const offeredRoots = (await roots?.()) ?? [root];
      await place.publish(await files(), offeredRoots);
      await expect(copy.pullMetadata()).rejects.toMatchObject(refused);
      const good = verified.includes('root')
        ? plain.with('timestamp', { keys: ['timestamp', 'new'], signedBy: ['timestamp', 'new'] }).release(8)
        : plain.release(8);
      const chain = verified.includes('root')
        ? [root, offeredRoots[1] ?? root, await good.with('root', { version: 3 }).root()]
        : [root];
      await place.publish(await good.withTargets({ 'demo.txt': 'Hello' }).build(), chain, ['Hello']);
      await copy.pullMetadata();
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
    });
  },
);
