/** The last part of a target's path, which a browser makes safe for its file system. */
export function baseName(target: string): string {
  return target.slice(target.lastIndexOf('/') + 1) || 'download';
}
