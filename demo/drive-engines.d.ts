/** A page in an engine that is driven. */
export interface Driven {
  run(expression: string): Promise<unknown>;
  press(keys: string): Promise<unknown>;
  picture(part: { readonly y: number; readonly height: number }): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const engines: Readonly<
  Record<
    'chromium' | 'firefox' | 'webkit',
    (
      address: string,
      view: { readonly width: number; readonly dark?: boolean },
      home: string,
    ) => Promise<Driven>
  >
>;
