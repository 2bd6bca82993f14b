// `npm run demo` without its page: the README's first minutes.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';

const built = existsSync('dist/cli.js');
const why = 'dist is not there (npm run build)';
if (!built && process.env['CI'] === 'true') throw new Error(why);
if (!built) process.stderr.write(`NOT RUN: the demo: ${why}\n`);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function demo(): Promise<Ended> {
  return new Promise((resolve) => {
    // A setting of whoever runs the demo must not lead it elsewhere.
    const env = { ...process.env, DTUF_HOST: 'registry.invalid', DTUF_LAYOUT: 'legacy' };
    const child = execFile(process.execPath, ['demo/run.js', '--no-serve'], { env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

it.skipIf(!built)(
  'the demo publishes, pulls, updates, shows a tampered target being refused, and leaves nothing',
  async () => {
    const { code, stdout, stderr } = await demo();
    expect(stderr, stdout).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\$ dtuf pull-metadata fred\/demo root_key\.pub\ndemo\.txt\nrelease\.bin\n/);
    expect(stdout).toMatch(/\$ dtuf pull-target fred\/demo demo\.txt\nHello World!\n/);
    expect(stdout).toMatch(/\$ dtuf pull-metadata fred\/demo\ndemo\.txt\n/);
    expect(stdout).toMatch(/\$ dtuf pull-target fred\/demo demo\.txt\nHello again, World!\n/);
    const refusal = /\$ dtuf pull-target fred\/demo demo\.txt\n(.*)\nreader \$ echo \$\?\n1\n/.exec(
      stdout,
    )?.[1];
    expect(refusal).toMatch(/^dtuf: demo\.txt is not what was signed and was refused: sha256 /);
    const folder = /over the folder (\S+)\/registry/.exec(stdout)?.[1] ?? '';
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
  },
);
