import type { ChildProcess } from 'node:child_process';

/** A page in an engine that is driven. */
export interface Driven {
  run(expression: string): Promise<unknown>;
  press(keys: string): Promise<unknown>;
  picture(part: { readonly y: number; readonly height: number }): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface DrivenFirefox extends Driven {
  readonly browser: ChildProcess;
  openTab(address: string): Promise<void>;
}

type Open<Page> = (
  address: string,
  view: { readonly width: number; readonly dark?: boolean },
  home: string,
) => Promise<Page>;

export const engines: {
  readonly chromium: Open<Driven>;
  readonly firefox: Open<DrivenFirefox>;
  readonly webkit: Open<Driven>;
};
