/** A target as it is signed. */
export interface Target {
  readonly name: string;
  /** In bytes. */
  readonly length: number;
  /** Lower-case hex by algorithm. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Whatever the publisher added. */
  readonly custom?: unknown;
  /** The role that signed for it. */
  readonly role: string;
}
