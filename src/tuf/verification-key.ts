import type { Bytes } from '../ports.ts';

/** A key that can be used. */
export interface VerificationKey {
  /**
   * The same for the same public value, whatever keyid or form it goes by: what thresholds count. Undefined where it is no
   * key after all: Deno imports an RSA key whose modulus is even.
   */
  identity(): Promise<string | undefined>;
  verify(message: Bytes, signature: Bytes): Promise<boolean>;
}
