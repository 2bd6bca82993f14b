// The peers that `npm run peers` builds, and where they are kept.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** By name. The package to build is `module` and `path`, together, at `version`. */
export const peers = {
  conformance: {
    does: 'the conformance tests of the OCI distribution specification',
    module: 'github.com/opencontainers/distribution-spec/conformance',
    version: 'v0.0.0-20260831232431-97274622c111',
  },
  crane: {
    does: 'a client of registries',
    module: 'github.com/google/go-containerregistry',
    path: '/cmd/crane',
    version: 'v0.22.1',
  },
  oras: {
    does: 'a client of registries, for artifacts',
    module: 'oras.land/oras',
    path: '/cmd/oras',
    version: 'v1.3.6',
  },
  distribution: {
    does: 'the registry of Docker and the CNCF, version 3',
    module: 'github.com/distribution/distribution/v3',
    path: '/cmd/registry',
    version: 'v3.1.2',
  },
  zot: {
    does: 'the registry of the CNCF that implements the OCI specification alone',
    module: 'zotregistry.dev/zot/v2',
    path: '/cmd/zot',
    version: 'v2.1.20',
    // Without its extensions, which take a gigabyte of dependencies.
    tags: 'minimal',
  },
};

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');

export const peersFolder = process.env.DTUF_PEERS || join(cache, 'dtuf-peers');

/** The version is in the name: a new pin is built anew, and an old one stays for an older checkout. */
export function executableOf(name) {
  return join(peersFolder, `${name}-${peers[name].version}`);
}
