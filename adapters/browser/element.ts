// `dtuf/element`: registers `<dtuf-download>`. The one module with a side effect.
import { DTufDownloadElement } from './download-element.ts';

export { type CheckTime, type DownloadState, DTufDownloadElement } from './download-element.ts';

// Where pages are rendered on a server there are no elements; where the module came twice, the first one stays.
if (globalThis.customElements && !customElements.get('dtuf-download')) {
  customElements.define('dtuf-download', DTufDownloadElement);
}

declare global {
  interface HTMLElementTagNameMap {
    'dtuf-download': DTufDownloadElement;
  }
}
