// Where a repository is read: a repository of a registry, or a web server.
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import type { Place } from '../options.ts';
import type { Repository } from '../registry/registry.ts';
import type { Root } from '../tuf/root.ts';
import type { HttpSite, HttpSiteOptions } from './http-site.ts';
import type { LayoutName, MetadataSource, RoleSource, TargetSource } from './layout.ts';
import { type OpenOptions, openMetadata } from './open.ts';
import { parseBase, parseMetadataAddress } from './web-address.ts';

export interface Hosting {
  /** For messages. */
  readonly name: string;
  /** @throws DTufError METADATA_MISSING, NOT_A_REPOSITORY, ACCESS_DENIED, UNREACHABLE */
  metadata(options: OpenOptions): Promise<MetadataSource>;
  /** @param root the verified one. */
  targets(layout: LayoutName, root: Root): Promise<TargetSource>;
  /** @param root the verified one. */
  roles(layout: LayoutName, root: Root, signal: AbortSignal | undefined): Promise<RoleSource>;
}

/** What a refresh in the native layout does not need is loaded late. */
export function registryHosting(repository: Repository, limits: Limits): Hosting {
  return {
    name: repository.name,
    metadata: (options) => openMetadata(repository, limits, options),
    async targets(layout) {
      if (layout === 'native') {
        const { NativeTargets } = await late(import('./native-targets.ts'));
        return new NativeTargets(repository, limits);
      }
      const { LegacyTargets } = await late(import('./legacy.ts'));
      return new LegacyTargets(repository, limits);
    },
    async roles(layout, _, signal) {
      if (layout === 'native') {
        const { NativeRoles } = await late(import('./native-roles.ts'));
        return new NativeRoles(repository, limits, signal);
      }
      const { LegacyMetadata } = await late(import('./legacy.ts'));
      return new LegacyMetadata(repository, limits, signal);
    },
  };
}

/** A web server, and how it is asked. */
export interface WebOptions extends Pick<HttpSiteOptions, 'fetch' | 'limits'> {
  /** The base address of the metadata files, or the address of a bundle among them: `…/metadata/bundle.json`. */
  readonly metadata: Place;
  /** The base address of the targets; by default `targets/` beside the metadata's. */
  readonly targets?: string | URL | undefined;
}

/** @throws DTufError INVALID_ARGUMENT where an address is none, or no place below which names can be put. */
export function webHosting(options: WebOptions): Hosting {
  // Read now: a caller may make another address of its URL before the part is loaded.
  const { base, bundle } = parseMetadataAddress(options.metadata);
  const targets = options.targets === undefined ? undefined : parseBase(options.targets);
  let site: HttpSite | undefined;
  const web = async () => {
    const part = await late(import('./web.ts'));
    site ??= new part.HttpSite({ ...options, metadata: base, targets });
    return { ...part, site };
  };
  return {
    name: base.href,
    async metadata({ signal }) {
      const { HttpMetadata, httpBundle, site } = await web();
      return bundle === undefined ? new HttpMetadata(site, signal) : httpBundle(site, bundle, signal);
    },
    async targets(_, { consistentSnapshot }) {
      const { HttpTargets, site } = await web();
      return new HttpTargets(site, consistentSnapshot);
    },
    async roles(_, { consistentSnapshot }, signal) {
      const { HttpMetadata, site } = await web();
      return new HttpMetadata(site, signal, consistentSnapshot);
    },
  };
}

/**
 * Refuses to read from a web server what was read from a registry, and the other way round: what was pinned stays.
 *
 * @param pinned with the state; undefined where there is none.
 * @throws DTufError INVALID_ARGUMENT
 */
export async function checkHosting(
  name: string,
  pinned: LayoutName | undefined,
  chosen: LayoutName | undefined,
): Promise<void> {
  if (pinned === undefined || (pinned === 'http') === (chosen === 'http')) return;
  const { otherHosting } = await late(import('./layout-errors.ts'));
  throw otherHosting(name, pinned, chosen);
}
