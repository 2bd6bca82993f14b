/** One check that was made on the way to trust: what `explain` shows. */
export interface Check {
  /** The clause of the TUF specification 1.0.34, as in `5.5.5`. */
  readonly clause: string;
  /** The metadata file that was checked, as in `7.snapshot.json`: its version before the name of its role. */
  readonly file: string;
  /** Whom the check is about: mostly the role of the file, else one that the file lists or delegates to. */
  readonly role: string;
  /** What was compared, in plain words. */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** False where the file was refused for it. A copy that was kept here and is refused is then fetched anew. */
  readonly ok: boolean;
}
