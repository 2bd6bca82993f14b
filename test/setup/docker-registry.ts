// Starts one real registry for the tests that are the same in Node and in pages, and tells them where it is.
import type { TestProject } from 'vitest/node';
import { corsHeaders, dockerRegistryFound, startDockerRegistry } from '../registry/docker-registry.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The address of a real registry with CORS headers, or undefined where none is installed. */
    dockerRegistry: string | undefined;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!dockerRegistryFound) {
    const why = 'docker-registry is not installed (apt-get install docker-registry)';
    if (process.env['CI'] === 'true') throw new Error(why);
    process.stderr.write(`NOT RUN: the core tests against a real registry: ${why}\n`);
    project.provide('dockerRegistry', undefined);
    return async () => undefined;
  }
  const registry = await startDockerRegistry({ headers: corsHeaders });
  project.provide('dockerRegistry', registry.url);
  return () => registry.stop();
}
