import { EventEmitter, once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Serving, serve } from '../../adapters/registry/serve.ts';
import { type FaultProxy, startFaultProxy } from '../registry/fault-proxy.ts';
import { cli, client, Machine, publisher } from './command.ts';

const size = 40_000_000;

describe('a command that is interrupted', () => {
  let place: Machine;
  let registry: Serving;
  let proxy: FaultProxy;
  let copy: Machine;
  /** Tells when the command waits for a blob of which a part has come. */
  const events = new EventEmitter();

  beforeAll(async () => {
    place = await Machine.start({});
    registry = await serve({ folder: place.path('registry') });
    const master = await publisher({ DTUF_HOST: registry.url }, { large: 'x'.repeat(size) });
    proxy = await startFaultProxy(registry.url);
    copy = await client(master, { DTUF_HOST: proxy.url });
    await master.stop();
    proxy.add({
      method: 'GET',
      path: /\/blobs\//,
      fault: ({ response }) => {
        response.writeHead(200, { 'Content-Length': String(size) });
        response.write('x'.repeat(size / 2));
        // The command reads on while the rest does not come.
        response.once('drain', () => events.emit('stalled'));
      },
    });
  });
  afterAll(async () => {
    await Promise.all([proxy.stop(), registry.close(), place.stop(), copy.stop()]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends with its code, prints nothing and leaves no file', async (signal, code) => {
    const before = await readdir(copy.folder, { recursive: true });
    for (const output of [[], ['--output', 'out']]) {
      const stalled = once(events, 'stalled');
      const child = copy.spawn(process.execPath, [cli, 'pull-target', 'fred/demo', 'large', ...output]);
      const [printed, said]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
      await stalled;
      child.kill(signal);
      const [ended] = await once(child, 'close');
      expect(ended).toBe(code);
      expect(printed).toEqual([]);
      expect(Buffer.concat(said).toString()).toBe('dtuf: interrupted\n');
    }
    expect((await readdir(copy.folder, { recursive: true })).sort()).toEqual(before.sort());
  });
});
