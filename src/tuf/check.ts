/** One check that was made on the way to trust: what `explain` shows. */
export interface Check {
  /** The clause of the TUF specification 1.0.34, as in `5.5.5`. */
  readonly clause: string;
  readonly role: string;
  /** What was compared, in plain words. */
  readonly what: string;
  readonly ok: boolean;
}
