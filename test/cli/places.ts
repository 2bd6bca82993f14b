import { describe } from 'vitest';
import { describeWithDockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts';
import { Machine, type Variables } from './command.ts';

export interface Place {
  /** What leads the command there. */
  readonly variables: Variables;
  stop(): Promise<void>;
}

/** A registry in a folder, without a server. */
export async function folder(): Promise<Place> {
  const machine = await Machine.start({});
  return { variables: { DTUF_HOST: `oci:${machine.path('registry')}` }, stop: () => machine.stop() };
}

async function dockerRegistry(): Promise<Place> {
  const registry = await startDockerRegistry();
  return { variables: { DTUF_HOST: registry.host }, stop: () => registry.stop() };
}

/** Runs the same tests against a folder and against a real registry, where that is installed. */
export function describeAtEachPlace(name: string, tests: (open: () => Promise<Place>) => void): void {
  describe(`${name}, in a folder`, () => tests(folder));
  describeWithDockerRegistry(`${name}, in docker-registry`, () => tests(dockerRegistry));
}
