// The http layout, in one part for whoever loads it late.
export { HttpMetadata } from './http.ts';
export { httpBundle } from './http-bundle.ts';
export { HttpSite } from './http-site.ts';
export { HttpTargets } from './http-targets.ts';
