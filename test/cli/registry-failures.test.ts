import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { refuse, startFaultProxy } from '../registry/fault-proxy.ts';
import { expectRefusal, Machine } from './command.ts';

describe('a registry', () => {
  it('that is not there is told with exit code 1', async () => {
    const machine = await Machine.start({ DTUF_HOST: `127.0.0.1:${await closedPort()}` });
    try {
      expectRefusal(await machine.dtuf(['list-repos']), 1, /127\.0\.0\.1/);
      expect(await machine.read('dtuf.log')).toMatch(/^\S+Z ERROR [^\n]*\n$/);
      await machine.dtuf(['list-repos'], { DTUF_LOG_FILE: 'other.log' });
      expect(machine.has('other.log')).toBe(true);
    } finally {
      await machine.stop();
    }
  });

  it('that is not there leaves no log where none is wanted', async () => {
    const machine = await Machine.start({ DTUF_HOST: `127.0.0.1:${await closedPort()}`, DTUF_LOG_FILE: '' });
    try {
      await machine.dtuf(['list-repos']);
      expect(await readdir(machine.folder)).toEqual([]);
    } finally {
      await machine.stop();
    }
  });

  it('that is not there is told with the chain of causes where --verbose asks for it', async () => {
    const machine = await Machine.start({ DTUF_HOST: `127.0.0.1:${await closedPort()}` });
    try {
      const { stderr } = await machine.dtuf(['list-repos', '--verbose']);
      expect(stderr).toContain('code: UNREACHABLE');
      expect(stderr).toContain('ECONNREFUSED');
    } finally {
      await machine.stop();
    }
  });
});

describe('a hostile registry', () => {
  it('forges no line and moves no cursor by what it answers (ATTACKS 97)', async () => {
    const proxy = await startFaultProxy();
    const machine = await Machine.start({ DTUF_HOST: proxy.url });
    proxy.add({ fault: refuse(404, 'NAME_UNKNOWN', 'no\ndtuf: all is well\u001b[1A\u202e') });
    try {
      for (const more of [[], ['--verbose']]) {
        const { stdout, stderr } = await machine.dtuf(['list-repos', ...more]);
        expect(stdout).toBe('');
        expect(stderr).not.toMatch(/^dtuf: all is well/m);
        expect(stderr).not.toMatch(/[\u202e\u009b]|\p{Cc}(?<!\n)/u);
      }
      expect(await machine.read('dtuf.log')).not.toMatch(/^dtuf: all/m);
    } finally {
      await Promise.all([proxy.stop(), machine.stop()]);
    }
  });
});

/** A port of loopback on which nothing listens. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 1));
    });
  });
}
