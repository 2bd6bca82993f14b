// A copy of src in which each function and each turn of a loop adds one to a count.
import { fileURLToPath } from 'node:url';
import { createServer, type Plugin } from 'vite';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
const COUNTER = '__dtuf_steps';
const COUNT = `globalThis.${COUNTER}++`;

export interface CountedLibrary {
  /** A module of src, as in `json.ts`. */
  load<T>(path: string): Promise<T>;
  /** All steps so far. */
  steps(): number;
  close(): Promise<void>;
}

export async function countedLibrary(): Promise<CountedLibrary> {
  Reflect.set(globalThis, COUNTER, 0);
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [counting],
  });
  return {
    load: async <T>(path: string) => (await server.ssrLoadModule(SOURCES + path)) as T,
    steps: () => Number(Reflect.get(globalThis, COUNTER)),
    close: () => server.close(),
  };
}

/** After the types are gone. */
const counting: Plugin = {
  name: 'counting',
  enforce: 'post',
  transform(code, id) {
    if (!id.startsWith(SOURCES)) return null;
    const inserts: [at: number, text: string][] = [];
    visit(this.parse(code), inserts);
    inserts.sort(([a], [b]) => b - a);
    return inserts.reduce((text, [at, insert]) => text.slice(0, at) + insert + text.slice(at), code);
  },
};

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

const COUNTED =
  /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|For\w*Statement|WhileStatement)$/;

function visit(node: unknown, inserts: [number, string][]): void {
  if (Array.isArray(node)) for (const item of node) visit(item, inserts);
  if (!isNode(node)) return;
  const body = node['body'];
  if (COUNTED.test(node.type) && isNode(body)) {
    if (body.type === 'BlockStatement') inserts.push([body.start + 1, `${COUNT};`]);
    else if (body.type.endsWith('Statement')) inserts.push([body.start, `{${COUNT};`], [body.end, '}']);
    else inserts.push([body.start, `(${COUNT},(`], [body.end, '))']);
  }
  for (const member of Object.values(node)) visit(member, inserts);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
