// Finds the data of targets on a web server: `folder/<hash>.name` where snapshots are consistent, else the name (5.7.3, 6.2).
import { readAll } from '../content/read-all.ts';
import { type Expected, targetMismatch } from '../content/verify.ts';
import { DTufError, hasCode } from '../errors.ts';
import { Download } from '../registry/download.ts';
import { streamOut } from '../registry/span.ts';
import { knownHashes } from '../tuf/file-info.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { HttpSite } from './http-site.ts';
import type { Part, TargetSource } from './layout.ts';
import { signedParts } from './manifest-target.ts';
import { checkManifestLength, signedMediaType } from './signed-media-type.ts';

export class HttpTargets implements TargetSource {
  readonly #site: HttpSite;
  readonly #consistent: boolean;

  /** @param consistent whether the root has consistent snapshots. */
  constructor(site: HttpSite, consistent: boolean) {
    this.#site = site;
    this.#consistent = consistent;
  }

  async whole(name: string, file: TargetFile): Promise<Part> {
    return this.#whole(name, file);
  }

  async parts(name: string, file: TargetFile, signal?: AbortSignal): Promise<readonly Part[]> {
    const mediaType = signedMediaType(name, file.custom);
    const whole = this.#whole(name, file);
    if (mediaType === undefined) return [whole];
    checkManifestLength(name, file, this.#site.limits);
    const bytes = await readAll(await whole.open(signal), file.length, name);
    return signedParts(name, file, mediaType, bytes, this.#site.limits, (digest, expected) =>
      this.#part(name, `blobs/${digest.replace(':', '/')}`, digest, expected),
    );
  }

  #whole(name: string, file: TargetFile): Part {
    const hashes = knownHashes(file.hashes);
    const [[algorithm, hex] = []] = hashes;
    if (algorithm === undefined || hex === undefined)
      throw targetMismatch(name, 'hash', 'a sha256 or sha512', Object.keys(file.hashes).join(', '));
    const path = targetPath(name, this.#consistent ? hex : undefined);
    return this.#part(name, path, `${algorithm}:${hex}`, { length: file.length, hashes });
  }

  #part(name: string, path: string, digest: string, expected: Expected): Part {
    // Not by new URL(path, base): nothing in a name may be read as an address.
    const url = new URL(this.#site.targets.href + path);
    const open = async (signal?: AbortSignal, start = 0): Promise<ReadableStream<Uint8Array>> => {
      const { length: size } = expected;
      const download = new Download(
        this.#site.transport,
        { digest, size, start, end: size },
        // What stands under a plain name changes.
        { url, doing: `to fetch ${path}`, signal, cache: this.#consistent ? undefined : 'no-cache' },
      );
      try {
        await download.connect();
      } catch (error) {
        throw hasCode(error, 'NOT_FOUND') ? missing(name, url, error) : error;
      }
      return streamOut(download);
    };
    return { digest, length: expected.length, expected, open };
  }
}

/**
 * The path of a target below the base address, each segment encoded.
 *
 * @param hash before the last segment, where snapshots are consistent.
 * @throws DTufError NOT_SUPPORTED where a name would lead elsewhere: segments that are empty, "." or "..", also by a
 * backslash, which some servers read as a slash.
 */
export function targetPath(name: string, hash?: string): string {
  const climbs = name.split(/[/\\]/).some((segment) => segment === '' || segment === '.' || segment === '..');
  if (climbs || /\p{Cs}/u.test(name)) {
    throw new DTufError(
      'NOT_SUPPORTED',
      `the target ${JSON.stringify(name.slice(0, 80))} cannot be asked for on a web server: its name has an empty segment, "." or "..", or half a character`,
      { target: name },
    );
  }
  const segments = name.split('/');
  const last = segments.pop() ?? '';
  return [...segments, hash === undefined ? last : `${hash}.${last}`].map(encodeURIComponent).join('/');
}

function missing(name: string, url: URL, cause: DTufError): DTufError {
  return new DTufError(
    'TARGET_MISSING',
    `the data of ${name} is not on the web server: there is no ${url.href}. The publisher has to put it there again`,
    { target: name, expected: url.href, cause },
  );
}
