// What a page hands to the browser's downloads, caught before it gets there.
import { vi } from 'vitest';

export interface Download {
  readonly fileName: string;
  readonly type: string;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
}

/** Catches downloads until the mocks are restored. There is no picker then, which without a head is closed at once. */
export function catchDownloads(): Download[] {
  const downloads: Download[] = [];
  vi.stubGlobal('showSaveFilePicker', undefined);
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    const blob = blobOf(this.href);
    downloads.push({
      fileName: this.download,
      type: blob.type,
      text: () => blob.text(),
      bytes: async () => new Uint8Array(await blob.arrayBuffer()),
    });
  });
  return downloads;
}

const made = new Map<string, Blob>();
const createObjectURL = URL.createObjectURL?.bind(URL);
// Service workers have none.
if (createObjectURL) {
  URL.createObjectURL = (blob: Blob) => {
    const url = createObjectURL(blob);
    made.set(url, blob);
    return url;
  };
}

function blobOf(url: string): Blob {
  const blob = made.get(url);
  if (blob === undefined) throw new Error(`${url} is no address that was made of data`);
  return blob;
}
