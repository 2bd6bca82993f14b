// The real python-tuf 7, where it is installed: the reference implementation, as a writer and as a judge.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import type { Case } from './judge.ts';
import type { Keys } from './keys.ts';
import type { Plan, Session, Written } from './plan.ts';

const python = process.env['DTUF_PYTHON_TUF'] ?? '';

/** `describe` for what needs python-tuf. It is a peer: where it is missing this says so, and nothing fails. */
export function describeWithPythonTuf(name: string, tests: () => void): void {
  const missing = whatIsMissing();
  if (missing === undefined) return void describe(name, tests);
  describe.skip(name, tests);
  process.stderr.write(
    `NOT RUN: ${name}: ${missing} (python3 -m venv V && V/bin/pip install tuf==7.0.1 securesystemslib[crypto]==1.6.0 cryptography==50.0.2; DTUF_PYTHON_TUF=V/bin/python)\n`,
  );
}

function whatIsMissing(): string | undefined {
  if (!existsSync(python)) return `there is no ${python || 'DTUF_PYTHON_TUF'}`;
  try {
    const found = execFileSync(python, ['-c', 'import tuf, securesystemslib; print(tuf.__version__)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return /^7\./.test(found) ? undefined : `${python} has tuf ${found}, and 7 is wanted`;
  } catch {
    return `${python} has no tuf`;
  }
}

export class PythonTuf {
  readonly #process: ChildProcess;
  readonly #waiting: { resolve: (answer: string) => void; reject: (why: Error) => void }[] = [];
  #complaint = '';

  constructor() {
    const script = fileURLToPath(new URL('peer.py', import.meta.url));
    const env = { PATH: process.env['PATH'] ?? '', PYTHONWARNINGS: 'ignore', PYTHONDONTWRITEBYTECODE: '1' };
    this.#process = spawn(python, [script], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new Error('the process has no pipes');
    createInterface({ input: stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    this.#process.on('close', (code) => {
      const why = new Error(`python-tuf ended with exit code ${code}: ${this.#complaint}`);
      for (const { reject } of this.#waiting.splice(0)) reject(why);
    });
  }

  async take({ python }: Keys): Promise<void> {
    await this.#ask({ keys: python });
  }

  async write({ states }: Plan): Promise<Written[]> {
    const answer = (await this.#ask({ write: states })) as readonly WrittenText[];
    return answer.map(({ roots, timestamp, snapshot, targets, delegated }) => ({
      roots: roots.map(fromBase64),
      timestamp: fromBase64(timestamp),
      snapshot: fromBase64(snapshot),
      targets: fromBase64(targets),
      delegated: Object.fromEntries(
        Object.entries(delegated).map(([name, text]) => [name, fromBase64(text)]),
      ),
    }));
  }

  async judge({ trust, sessions, lookups }: Case): Promise<Session[]> {
    // Of a later session only what is new or gone is sent.
    const told = sessions.map(({ served, now }, i) => {
      const before = sessions[i - 1]?.served;
      const changed = [...served].filter(([name, answer]) => before?.get(name) !== answer);
      const gone = [...(before?.keys() ?? [])].filter((name) => !served.has(name));
      const entries = changed.map(([name, answer]) => [
        name,
        typeof answer === 'number' ? answer : toBase64(answer),
      ]);
      return { served: Object.fromEntries(entries), gone, now };
    });
    return (await this.#ask({ judge: { trust: toBase64(trust), sessions: told, lookups } })) as Session[];
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin?.end();
    if (this.#process.exitCode === null) await closed;
  }

  async #ask(request: object): Promise<unknown> {
    const answer = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    if (this.#process.exitCode !== null) throw new Error(`python-tuf has ended: ${this.#complaint}`);
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await answer);
  }
}

interface WrittenText {
  readonly roots: readonly string[];
  readonly timestamp: string;
  readonly snapshot: string;
  readonly targets: string;
  readonly delegated: Readonly<Record<string, string>>;
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
