// A publisher and a registry that are nowhere but in this page.
import {
  type Bytes,
  DTufMaster,
  embeddedRegistry,
  generateKeyPair,
  memoryLock,
  memoryStore,
  type Role,
  type Signer,
  signerOf,
} from './dtuf.ts';
import { type Registry, releasesOf, type World } from './world.ts';

const REPOSITORY = 'fred/demo';
const TEXT = 'install.sh';
const DATA = 'app.tar';
const DATA_LENGTH = 262_144;

const FIRST = `#!/bin/sh
# Installs release 1 of the app.
set -e
cd "$(mktemp -d)"
tar -xf ~/Downloads/app.tar
./setup --listen=0.0.0.0
rm -rf ./*
`;
/** Closes the hole: release 1 lets everybody in. */
const SECOND = FIRST.replace('release 1', 'release 2').replace('0.0.0.0', 'localhost');

/** @param host under which the page's own requests reach it. */
export async function inPageWorld(host: string): Promise<World> {
  const registry: Registry = embeddedRegistry();
  const { keys, rootKey } = await makeKeys();
  const master = new DTufMaster({
    host: registry,
    repository: REPOSITORY,
    store: memoryStore(),
    lock: memoryLock(),
    keys,
  });
  await master.createMetadata();
  await master.pushTarget(TEXT, bytesOf(FIRST));
  await master.pushTarget(DATA, randomBytes(DATA_LENGTH));
  await master.pushMetadata();
  let update: Promise<void> | undefined;

  return {
    registry,
    host,
    repository: REPOSITORY,
    rootKey,
    rootKeyAddress: `${host}/root_key.pub`,
    text: TEXT,
    data: DATA,
    releases: () => releasesOf(registry, REPOSITORY),
    publishUpdate() {
      update ??= (async () => {
        await master.pushTarget(TEXT, bytesOf(SECOND));
        await master.pushMetadata();
      })();
      return update;
    },
    stolenTimestampKey: async () => keys.timestamp,
  };
}

/** One key pair for each role. They are gone with the page. */
async function makeKeys(): Promise<{ keys: Record<Role, Signer>; rootKey: string }> {
  const make = async () => {
    const { pkcs8, publicPem } = await generateKeyPair('ed25519');
    return { signer: await signerOf(pkcs8), publicPem };
  };
  const [root, targets, snapshot, timestamp] = await Promise.all([make(), make(), make(), make()]);
  return {
    keys: {
      root: root.signer,
      targets: targets.signer,
      snapshot: snapshot.signer,
      timestamp: timestamp.signer,
    },
    rootKey: root.publicPem,
  };
}

function bytesOf(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  // So many at once are given out, and no more.
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
