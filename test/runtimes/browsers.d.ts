import type { ChildProcess } from 'node:child_process';

export type Engine = 'chromium' | 'firefox' | 'webkit';

export function whyNot(engine: Engine): string | undefined;
export function open(engine: Engine, address: string, home: string, form?: string): Promise<ChildProcess>;
