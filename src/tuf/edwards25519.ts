// The curve of Ed25519 (RFC 8032, 5.1).

/** Of the field. */
export const PRIME = 2n ** 255n - 19n;
/** Of the group. */
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
