// What a registry or a publisher says cannot forge a line of the command, nor drive the terminal.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { type Serving, serve } from '../../adapters/registry/serve.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Machine } from '../cli/command.ts';
import { type FaultProxy, refuse, startFaultProxy, withHeaders } from '../registry/fault-proxy.ts';
import { fileOf, type Signed, signed, utf8 } from './signed.ts';

const names = [
  'plain',
  'new\nline',
  'carriage\rreturn',
  'esc\u001b[2J\u001b]0;title\u0007',
  'bidi\u202egpj.exe',
  'nul\0',
  '\u009b31m',
  'tab\tsep',
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const dangerous = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

describe('with a publisher who signs hostile names', () => {
  let at: Signed;
  let registry: Serving;
  let proxy: FaultProxy;
  let copy: Machine;
  beforeAll(async () => {
    const storage = memoryStorage();
    const data = utf8('data');
    const file = await fileOf(data);
    at = await signed(Object.fromEntries(names.map((name) => [name, file])), { storage });
    await pushBlob(at.repository.blobs, { digest: await digestOf(data), size: data.length }, data);
    registry = await serve({ storage });
    proxy = await startFaultProxy(registry.url);
    copy = await Machine.start({ DTUF_HOST: proxy.url });
    await copy.write('root.json', at.root);
  });
  afterAll(async () => {
    await proxy?.stop();
    await registry?.close();
    await copy?.stop();
  });

  it('each name is one line of what is printed (ATTACKS 97)', async () => {
    for (const args of [
      ['pull-metadata', at.name, 'root.json'],
      ['list-copy-targets', at.name],
    ]) {
      const { code, stdout, stderr } = await copy.dtuf(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n')).toHaveLength(names.length + 1);
      expect(stdout).not.toMatch(dangerous);
    }
  });

  it('each name is one line of an error, and of the log (ATTACKS 97)', async () => {
    await copy.does(['pull-metadata', at.name, 'root.json']);
    proxy.add({ path: /\/blobs\//, fault: refuse(404, 'BLOB_UNKNOWN') });
    for (const name of names.filter((one) => !one.includes('\0'))) {
      const { code, stdout, stderr } = await copy.dtuf(['pull-target', at.name, name]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^dtuf: [^\n]*\n$/);
      expect(stderr).not.toMatch(dangerous);
    }
    expect(readFileSync(copy.path('dtuf.log'), 'utf8')).not.toMatch(dangerous);
    proxy.reset();
  });

  it('what a registry refuses with, or warns of, is one line (ATTACKS 97)', async () => {
    const hostile = 'evil\n\u001b[31mdtuf: all is well\u202e';
    proxy.add({ fault: refuse(400, 'HOSTILE\n\u001b[2J', hostile) });
    const { code, stdout, stderr } = await copy.dtuf(['pull-metadata', at.name, 'root.json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^dtuf: [^\n]*\n$/);
    expect(stderr).not.toMatch(dangerous);
    proxy.reset();
    // A header cannot hold a line end or an escape; it can hold a control sequence introducer of one byte.
    proxy.add({ fault: withHeaders({ warning: '299 - "look \u009b31m here \u009b2J"' }) });
    const warned = await copy.dtuf(['pull-metadata', at.name]);
    expect(warned.stdout + warned.stderr).not.toMatch(dangerous);
    expect(warned.code).toBe(0);
    proxy.reset();
  });
});
