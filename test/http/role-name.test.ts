// To be merged into test/http/metadata.test.ts.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repository } from '../tuf/repository.ts';
import { client, Web } from './web.ts';

let web: Web;
beforeEach(async () => {
  web = await Web.start();
});
afterEach(() => web.stop());

it.each(['rôle ü', 'team/one', '1.a'])(
  'an error over the file of a delegated role has its name: %s',
  async (role) => {
    const made = repository().withRole(role).delegating('targets', role);
    const files = await made.build();
    await web.publish(files);
    const copy = client(web, { trust: files.root });
    await copy.pullMetadata();
    await expect(copy.pullTarget('a')).rejects.toMatchObject({ code: 'METADATA_MISSING', role });
    const short = client(web, { trust: files.root, limits: { targets: 1000 } });
    await short.pullMetadata();
    web.fault = (_, response) => {
      response.end('x'.repeat(2000));
      return true;
    };
    await expect(short.pullTarget('a')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', role });
  },
);
