// The built package, as a script sees it.
export * from '../dist/node.js';
export { embeddedRegistry } from '../dist/registry.js';
