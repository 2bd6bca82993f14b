// The parts of src/tuf that are measured below the public classes. TypeScript: ./bundled-tuf.js makes it one module that runs.
export { toHex } from '../src/encoding.ts';
export { keyidOf } from '../src/tuf/keys.ts';
export { parseRoot } from '../src/tuf/root.ts';
export { countSignatures } from '../src/tuf/signatures.ts';
export { generateKeyPair, signerOf } from '../src/tuf/signer.ts';
export {
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../src/tuf/signing.ts';
export { parseTimestamp } from '../src/tuf/timestamp.ts';
export { TrustedSet } from '../src/tuf/trusted-set.ts';
