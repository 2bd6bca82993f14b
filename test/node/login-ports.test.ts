import { expect, test } from 'vitest';
import { fittingKeys } from '../../adapters/node/credentials/key.ts';

test('the login of port 443 is that of https, and the login of port 80 is not (ATTACKS 85)', () => {
  const at = { host: 'registry.example.com' };
  expect(fittingKeys(['registry.example.com:443'], at)).toEqual(['registry.example.com:443']);
  expect(fittingKeys(['registry.example.com:80', 'registry.example.com:4430'], at)).toEqual([]);
});
