import { DTufError } from '../errors.ts';
import type { LayoutName } from './layout.ts';

/** The error for state of a repository elsewhere. */
export function otherHosting(name: string, pinned: LayoutName, chosen: LayoutName | undefined): DTufError {
  const places = ['a registry', 'a web server'];
  const [before, now] = pinned === 'http' ? places.reverse() : places;
  return new DTufError(
    'INVALID_ARGUMENT',
    `the state that is kept for ${name} is of a repository in ${before}, and is not read from ${now}: name another repository for it, or begin anew with the root that you trust (pull-metadata --reset-trust)`,
    { expected: pinned, got: chosen ?? 'a layout of registries' },
  );
}

/** The error for a repository in a registry that can be read in no layout. @param mark what its root is marked with. */
export function noLayout(repository: string, mark: string | undefined): DTufError {
  if (mark !== undefined) {
    return new DTufError(
      'NOT_SUPPORTED',
      `${repository} is laid out in a way that this version does not know: ${JSON.stringify(mark)}. Install a newer dtuf`,
      { role: 'root', got: mark },
    );
  }
  return new DTufError(
    'NOT_A_REPOSITORY',
    `${repository} is offered in the native layout, but its root is not marked so, and unmarked repositories are python-dtuf's. If it is a mirror made by docker's tools, choose the layout "native" (DTUF_LAYOUT=native)`,
    { role: 'root', expected: 'legacy', got: 'native' },
  );
}
