import { expect, it } from 'vitest';
import { describeWithDockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts';
import { startFaultProxy } from '../registry/fault-proxy.ts';
import { Machine, passwords } from './command.ts';

describeWithDockerRegistry('push-target --mount-from', () => {
  it('sends nothing of what another repository of the registry has', async () => {
    const docker = await startDockerRegistry();
    const proxy = await startFaultProxy(docker.url);
    const machine = await Machine.start({ ...passwords, DTUF_HOST: proxy.url });
    try {
      await machine.write('data', 'Hello World!\n');
      for (const repo of ['fred/one', 'fred/two']) {
        await machine.does(['create-root-key', repo]);
        await machine.does(['create-metadata-keys', repo]);
        await machine.does(['create-metadata', repo]);
      }
      await machine.does(['push-target', 'fred/one', 'a', 'data']);
      proxy.reset();
      await machine.does(['push-target', 'fred/two', 'b', 'data', '--mount-from', 'fred/one']);
      const mounts = proxy.seen.filter(
        ({ method, path }) => method === 'POST' && /from=fred%2Fone/.test(path),
      );
      expect(mounts).toHaveLength(1);
      // The empty config is all that is uploaded.
      const uploads = proxy.seen.filter(({ method, path }) => method === 'PUT' && /uploads/.test(path));
      expect(uploads.map(({ headers }) => headers['content-length'])).toEqual(['2']);
    } finally {
      await machine.stop();
      await proxy.stop();
      await docker.stop();
    }
  });
});
