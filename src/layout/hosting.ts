// Where a repository is read: a repository of a registry, or a web server.
import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import type { Repository } from '../registry/registry.ts';
import type { Root } from '../tuf/root.ts';
import type { HttpSite } from './http-site.ts';
import type { LayoutName, MetadataSource, RoleSource, TargetSource } from './layout.ts';
import { NativeTargets } from './native-targets.ts';
import { type OpenOptions, openMetadata } from './open.ts';

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

/** What a native repository with plain files and without delegations does not need is loaded late. */
export function registryHosting(repository: Repository, limits: Limits): Hosting {
  return {
    name: repository.name,
    metadata: (options) => openMetadata(repository, limits, options),
    async targets(layout) {
      if (layout === 'native') return new NativeTargets(repository, limits);
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

export function webHosting(site: HttpSite): Hosting {
  const web = () => late(import('./web.ts'));
  return {
    name: site.metadata.href,
    async metadata({ signal }) {
      const { HttpMetadata, httpBundle } = await web();
      return site.bundle === undefined
        ? new HttpMetadata(site, signal)
        : httpBundle(site, site.bundle, signal);
    },
    async targets(_, { consistentSnapshot }) {
      const { HttpTargets } = await web();
      return new HttpTargets(site, consistentSnapshot);
    },
    async roles(_, { consistentSnapshot }, signal) {
      const { HttpMetadata } = await web();
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
export function checkHosting(
  name: string,
  pinned: LayoutName | undefined,
  chosen: LayoutName | undefined,
): void {
  if (pinned === undefined || (pinned === 'http') === (chosen === 'http')) return;
  const places = ['a registry', 'a web server'];
  const [before, now] = pinned === 'http' ? places.reverse() : places;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `the state that is kept for ${name} is of a repository in ${before}, and is not read from ${now}: name another repository for it, or begin anew with the root that you trust (pull-metadata --reset-trust)`,
    { expected: pinned, got: chosen ?? 'a layout of registries' },
  );
}
