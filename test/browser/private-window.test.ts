// A private window keeps what it is given until it is closed, or says that it keeps nothing. What each browser does is printed.
import { afterAll, afterEach, expect, inject, it } from 'vitest';
import { DTufCopy, DTufError } from '../../adapters/browser/index.ts';
import { catchDownloads } from './downloads.ts';
import { cleanUp } from './storage.ts';

const { url: host, repository, rootKey: trust } = inject('faultyRegistry');
const printed: string[] = [];

afterEach(cleanUp);
afterAll(() => console.log(['', ...printed].join('\n')));

it('a page in a private window downloads what is verified, or says that it cannot be kept (ATTACKS 64)', async () => {
  const copy = new DTufCopy({ host, repository, trust });
  const downloads = catchDownloads();
  try {
    await copy.pullMetadata();
    await (await copy.pullTarget('small')).save();
    expect(await downloads[0]?.text()).toBe('Hello World!\n');
    // The next click finds the state of the first.
    expect(await (await new DTufCopy({ host, repository }).pullTarget('small')).text()).toBe(
      'Hello World!\n',
    );
    printed.push('| private window | saved | the state is kept until it is closed |');
  } catch (error) {
    if (!(error instanceof DTufError)) throw error;
    expect(error).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/private window.*memoryStore/),
    });
    printed.push(`| private window | ${error.code} | ${error.message} |`);
  }
});

it('a file that is too large for the memory is saved from a private file, or refused by the name of the cause (ATTACKS 64)', async () => {
  const copy = new DTufCopy({ host, repository, trust, limits: { memory: 1_000_000 } });
  const downloads = catchDownloads();
  try {
    await copy.pullMetadata();
    await (await copy.pullTarget('large')).save();
    expect((await downloads[0]?.bytes())?.length).toBe(5_000_000);
    printed.push('| private window, large | saved | through a private file |');
  } catch (error) {
    if (!(error instanceof DTufError)) throw error;
    expect(downloads).toEqual([]);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(TOO_LARGE|STORAGE_UNAVAILABLE)$/),
      message: expect.stringMatching(/no private window|private window/),
    });
    printed.push(`| private window, large | ${error.code} | ${error.message} |`);
  }
});
