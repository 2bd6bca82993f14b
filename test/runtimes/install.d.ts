export function folder(): string;
export function install(): string;
