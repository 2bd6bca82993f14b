/** How a blob is to be uploaded. */
export interface UploadOptions {
  readonly signal?: AbortSignal;
  /** Gets the bytes sent so far; they begin again at 0 with another attempt. */
  readonly onProgress?: (bytes: number) => void;
  /** A repository of the same registry that may have the blob, from which the registry then takes it. */
  readonly mountFrom?: string;
}
