/** The folder of the spools, in the origin's private files, and the prefix of their locks. */
export const SPOOLS = 'dtuf-spools';
