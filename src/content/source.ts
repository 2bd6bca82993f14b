import { DTufError } from '../errors.ts';
import type { Content, Files } from '../ports.ts';
import { streamOf } from './read-all.ts';

/**
 * Data to be published or compared: bytes, a Blob or File, what can be opened, or a path where the host has paths.
 * For `pushTarget` a string that begins with `@` names another target.
 */
export type Source = string | URL | Blob | Uint8Array | Content;

/** @throws DTufError INVALID_ARGUMENT, NOT_SUPPORTED where the host has no paths. */
export async function contentOf(source: Source, files: Files | undefined): Promise<Content> {
  if (typeof source === 'string' || source instanceof URL) {
    if (files !== undefined) return files.content(source);
    throw new DTufError(
      'NOT_SUPPORTED',
      `${source} is a path, and there are none here: pass bytes, a Blob or a File`,
    );
  }
  if (source instanceof Uint8Array) return { length: source.length, open: () => streamOf(source) };
  if (source instanceof Blob) return { length: source.size, open: () => source.stream() };
  return source;
}
