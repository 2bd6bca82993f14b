export const peers: Readonly<Record<string, { readonly module: string; readonly version: string }>>;
export const peersFolder: string;
export function executableOf(name: string): string;
