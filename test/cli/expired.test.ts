import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cli, client, Machine, publisher } from './command.ts';

function faketimeFound(): boolean {
  try {
    execFileSync('faketime', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function describeWithFaketime(name: string, tests: () => void): void {
  if (faketimeFound()) {
    describe(name, tests);
    return;
  }
  if (process.env.CI === 'true') throw new Error(`faketime is not installed: ${name}`);
  process.stderr.write(`NOT RUN: ${name}: faketime is not installed (apt-get install faketime)\n`);
  describe.skip(name, tests);
}

describeWithFaketime('metadata that has expired', () => {
  it('is refused by pull-target and pull-metadata, with what to do, and its dates can be read (ATTACKS 96)', async () => {
    const place = await Machine.start({});
    const variables = { DTUF_HOST: `oci:${place.path('registry')}` };
    const master = await publisher(variables, { 'a.txt': 'first\n' });
    const copy = await client(master, variables);
    const later = (...args: string[]) => copy.run('faketime', ['-f', '+2d', process.execPath, cli, ...args]);
    try {
      expect(await copy.does(['pull-target', 'fred/demo', 'a.txt'])).toBe('first\n');
      for (const args of [
        ['pull-target', 'fred/demo', 'a.txt'],
        ['check-target', 'fred/demo', 'a.txt', 'root_key.pub'],
      ]) {
        const { code, stdout, stderr } = await later(...args);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(/^dtuf: [^\n]*timestamp[^\n]*expired[^\n]*pull-metadata[^\n]*\n$/);
      }
      const refreshed = await later('pull-metadata', 'fred/demo');
      expect(refreshed).toMatchObject({ code: 1, stdout: '' });
      expect(refreshed.stderr).toMatch(/^dtuf: [^\n]*expired[^\n]*\n$/);
      expect(await later('get-copy-expirations', 'fred/demo')).toMatchObject({ code: 0, stderr: '' });
      // Published again, it is fine again.
      const push = await master.run('faketime', [
        '-f',
        '+2d',
        process.execPath,
        cli,
        'push-metadata',
        'fred/demo',
      ]);
      expect(push.code).toBe(0);
      expect(await later('pull-metadata', 'fred/demo')).toMatchObject({ code: 0 });
      expect(await later('pull-target', 'fred/demo', 'a.txt')).toMatchObject({ code: 0, stdout: 'first\n' });
    } finally {
      await Promise.all([place.stop(), master.stop(), copy.stop()]);
    }
  });
});
