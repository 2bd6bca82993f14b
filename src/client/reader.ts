// What a client answers about targets, as of its last refresh: a part of its own, which loads with the first such question.
import { contentOf, type Source } from '../content/source.ts';
import { hasCode } from '../errors.ts';
import { late } from '../late.ts';
import type { Part } from '../layout/layout.ts';
import type { Call, ExplainedCall } from '../options.ts';
import type { Digester, Files } from '../ports.ts';
import { throwIfAborted } from '../registry/throw-if-aborted.ts';
import type { Target } from '../target.ts';
import type { Role } from '../tuf/metadata.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { expirationsOf } from './expirations.ts';
import { notePulled } from './note-pulled.ts';
import { Published, type PublishedOptions } from './published.ts';
import { ofTarget } from './target-failure.ts';
import { TargetReader } from './target-reader.ts';
import type { VerifiedTarget } from './verified-target.ts';

export interface ReaderOptions extends PublishedOptions {
  readonly files: Files | undefined;
  readonly digester: Digester;
  /** Metadata is judged against this time. */
  readonly now: Date;
}

export class Reader {
  readonly published: Published;
  readonly now: Date;
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.now = options.now;
    this.published = new Published(options);
    loadAhead();
  }

  async target(name: string, call: ExplainedCall): Promise<VerifiedTarget> {
    const { files, limits, digester, store } = this.#options;
    const { file, role, source, explain } = await this.published.find(name, this.now, call);
    return new TargetReader(targetOf(name, file, role), {
      explain,
      parts: (signal) => ofTarget(name, () => source.parts(name, file, signal)),
      files,
      limits,
      digester,
      onPulled: () => notePulled(store, name, file),
    });
  }

  async parts(name: string, signal?: AbortSignal): Promise<readonly Part[]> {
    const { file, source } = await this.published.find(name, this.now, signal ? { signal } : {});
    return ofTarget(name, () => source.parts(name, file, signal));
  }

  async matches(name: string, data: Source | readonly Source[], call: Call): Promise<boolean> {
    const sources = Array.isArray(data) ? (data as readonly Source[]) : [data as Source];
    const parts = await this.parts(name, call.signal);
    if (parts.length !== sources.length) return false;
    for (const [i, part] of parts.entries()) {
      const source = sources[i];
      if (source === undefined || !(await this.#matches(name, part, source, call))) return false;
    }
    return true;
  }

  async #matches(target: string, part: Part, source: Source, { onProgress, signal }: Call): Promise<boolean> {
    const content = await contentOf(source, this.#options.files);
    if (content.length !== part.length) return false;
    const { verifyStream } = await late(import('../content/verify-stream.ts'));
    let received = 0;
    try {
      await verifyStream(await content.open(), part.expected, this.#options.digester, target, (chunk) => {
        throwIfAborted(signal);
        received += chunk.length;
        onProgress?.({ target, received, total: part.length, phase: 'verify' });
      });
      return true;
    } catch (error) {
      if (hasCode(error, 'TARGET_MISMATCH')) return false;
      throw error;
    }
  }

  async *targets(): AsyncIterable<Target> {
    const { targets } = await this.published.verified(this.now);
    for (const [name, file] of targets.signed.targets) yield targetOf(name, file, targets.signed.role);
  }

  /** Also where it has expired. */
  async expirations(): Promise<Record<Role, Date>> {
    const { set } = await this.published.verified(new Date(0));
    return expirationsOf(set);
  }
}

function targetOf(name: string, file: TargetFile, role: string): Target {
  return { name, ...file, role };
}

/** What the first target of most repositories needs after this part: a page would wait for one after the other. */
function loadAhead(): void {
  const parts = [import('../layout/native-targets.ts'), import('../registry/fetch-blob.ts')];
  // Whoever needs one that cannot be loaded says so.
  for (const part of parts) part.catch(() => undefined);
}
