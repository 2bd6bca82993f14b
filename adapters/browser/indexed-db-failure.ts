/** The database could not be opened, or its connection was closed: no transaction began. */
export class NotOpened extends Error {
  constructor(cause: unknown) {
    super('the database could not be opened', { cause });
  }
}

/** It did not end in time. */
export class TimedOut extends Error {}
