// The built command on the runtime that runs this, from keys to a pulled target, over a folder.
import { expect, it } from 'vitest';
import { client, publisher } from '../cli/command.ts';
import { folder } from '../cli/places.ts';

it('the command publishes, and pulls what was published', async () => {
  const { variables, stop } = await folder();
  const master = await publisher(variables, { 'demo.txt': 'Hello World!\n' });
  const copy = await client(master, variables);
  try {
    expect(await copy.does(['pull-target', 'fred/demo', 'demo.txt'])).toBe('Hello World!\n');
    expect(await copy.dtuf(['pull-target', 'fred/demo', 'other.txt'])).toMatchObject({ code: 1, stdout: '' });
  } finally {
    for (const end of [copy, master, { stop }]) await end.stop();
  }
});
