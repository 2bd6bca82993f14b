// The command behind a proxy, with an authority of its own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Machine, passwords } from '../cli/command.ts';
import { Authority, ForwardProxy, NAME, secureRegistry } from './machines.ts';

let authority: Authority;
let registry: Awaited<ReturnType<typeof secureRegistry>>;
let proxy: ForwardProxy;
beforeAll(async () => {
  authority = await Authority.make();
  registry = await secureRegistry(authority);
  proxy = await ForwardProxy.start({ https: registry.port }, 'fred:proxy-password');
});
afterAll(async () => {
  await proxy.stop();
  await registry.stop();
  await authority.remove();
});

describe('the command', () => {
  const variables = () => ({
    DTUF_HOST: `https://${NAME}`,
    DTUF_CA_FILE: authority.file,
    HTTPS_PROXY: `http://fred:proxy-password@127.0.0.1:${proxy.port}`,
  });

  it('publishes and pulls through a proxy with a login, under an authority of its own (ATTACKS 91)', async () => {
    const machine = await Machine.start({ ...variables(), ...passwords });
    try {
      // Larger than what is sent in one piece.
      const content = 'x'.repeat(3_000_000);
      await machine.write('big.txt', content);
      for (const command of ['create-root-key', 'create-metadata-keys', 'create-metadata']) {
        await machine.does([command, 'fred/demo']);
      }
      await machine.does(['push-target', 'fred/demo', 'big.txt', 'big.txt']);
      await machine.does(['push-metadata', 'fred/demo']);
      await machine.does(['pull-metadata', 'fred/demo', 'dtuf_repos/fred/demo/master/keys/root_key.pub']);
      expect(await machine.does(['pull-target', 'fred/demo', 'big.txt'])).toBe(content);
    } finally {
      await machine.stop();
    }
  });

  it('never tells the password of the proxy (ATTACKS 69)', async () => {
    const wrong = { HTTPS_PROXY: `http://fred:other-secret@127.0.0.1:${proxy.port}` };
    const machine = await Machine.start({ ...variables(), ...wrong, DTUF_FILE_LOG_LEVEL: 'DEBUG' });
    try {
      await machine.write('key.pem', 'x');
      const ran = await machine.dtuf(['--verbose', 'list-repos']);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('through the proxy');
      expect(ran.stderr + (await machine.read('dtuf.log'))).not.toContain('other-secret');
    } finally {
      await machine.stop();
    }
  });
});
