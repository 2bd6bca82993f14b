import { fileOf, forgeBundle, readBundle } from '../bundle.ts';
import type { Attack } from './attack.ts';
import source from './mix-and-match.ts?raw';

/** Each file is genuine and signed. Together they never were a release. */
export const mixAndMatch: Attack = {
  id: 'mix-and-match',
  title: 'Mix and match',
  invitation: 'Put the old list of files into the new release.',
  aim: 'The reader shall believe that it has the newest release, and get files of an old one, or parts of both that were never tried together.',
  remains:
    'Until somebody answers honestly, the reader gets nothing. What it has verified of the new release it keeps, so that nothing older is taken later.',
  source,

  async run({ world, reader, network, old, newest, tell }) {
    network.asOf(old);
    await reader.pull(world.text);
    tell('reader', `has seen the release before: its timestamp is version ${old}`);
    const before = await readBundle(world.registry, world.repository, `${old}.timestamp.json`);
    const after = await readBundle(world.registry, world.repository, `${newest}.timestamp.json`);
    network.takeOver(async ({ manifest, did }) => {
      if (manifest !== 'timestamp.json') return undefined;
      const [oldTargets, newTargets] = [fileOf(before, 'targets'), fileOf(after, 'targets')];
      did(`answered with the newest release, but put ${oldTargets.name} in the place of ${newTargets.name}`);
      return forgeBundle(new Map([...after, [newTargets.name, oldTargets.bytes]]));
    });
    return reader.pull(world.text);
  },
};
