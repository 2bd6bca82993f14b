// Where a repository is read: a repository of a registry, or a web server.
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Repository } from '../registry/registry.ts';
import type { Root } from '../tuf/root.ts';
import { HttpMetadata } from './http.ts';
import { httpBundle } from './http-bundle.ts';
import type { HttpSite } from './http-site.ts';
import { HttpTargets } from './http-targets.ts';
import type { LayoutName, MetadataSource, RoleSource, TargetSource } from './layout.ts';
import { LegacyMetadata, LegacyTargets } from './legacy.ts';
import { NativeRoles } from './native-roles.ts';
import { NativeTargets } from './native-targets.ts';
import { type OpenOptions, openMetadata } from './open.ts';

export interface Hosting {
  /** For messages. */
  readonly name: string;
  /** @throws DTufError METADATA_MISSING, NOT_A_REPOSITORY, ACCESS_DENIED, UNREACHABLE */
  metadata(options: OpenOptions): Promise<MetadataSource>;
  /** @param root the verified one. */
  targets(layout: LayoutName, root: Root): TargetSource;
  /** @param root the verified one. */
  roles(layout: LayoutName, root: Root, signal: AbortSignal | undefined): RoleSource;
}

export function registryHosting(repository: Repository, limits: Limits): Hosting {
  return {
    name: repository.name,
    metadata: (options) => openMetadata(repository, limits, options),
    targets: (layout) =>
      layout === 'native' ? new NativeTargets(repository, limits) : new LegacyTargets(repository, limits),
    roles: (layout, _, signal) =>
      layout === 'native'
        ? new NativeRoles(repository, limits, signal)
        : new LegacyMetadata(repository, limits, signal),
  };
}

export function webHosting(site: HttpSite): Hosting {
  return {
    name: site.metadata.href,
    metadata: async ({ signal }) =>
      site.bundle === undefined ? new HttpMetadata(site, signal) : httpBundle(site, site.bundle, signal),
    targets: (_, { consistentSnapshot }) => new HttpTargets(site, consistentSnapshot),
    roles: (_, { consistentSnapshot }, signal) => new HttpMetadata(site, signal, consistentSnapshot),
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
