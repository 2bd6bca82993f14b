import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, Machine, publisher } from './command.ts';

/** The status of a request to `url` that names another host or origin. */
function statusOf(url: string, method: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('dtuf serve', () => {
  let machine: Machine;
  let child: ReturnType<Machine['spawn']>;
  let url: string;
  beforeAll(async () => {
    machine = await Machine.start({});
    child = machine.spawn(process.execPath, [
      cli,
      'serve',
      'folder',
      '--port',
      '0',
      '--host',
      'Registry.Test',
    ]);
    const [line] = await once(createInterface(child.stdout), 'line');
    url = String(line);
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await machine.stop();
  });

  it('prints its address and serves what is pushed to it', async () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const master = await publisher({ DTUF_HOST: url.replace('http://', '') }, { 'a.txt': 'first\n' });
    try {
      expect(await master.does(['list-repos'])).toBe('fred/demo\n');
      // The folder is the same registry without the server.
      expect(await machine.does(['list-repos'], { DTUF_HOST: 'oci:folder' })).toBe('fred/demo\n');
    } finally {
      await master.stop();
    }
  });

  it('answers the names of loopback and those given, and no others (ATTACKS 98)', async () => {
    const { port } = new URL(url);
    expect(await statusOf(`${url}/v2/`, 'GET', { Host: `localhost:${port}` })).toBe(200);
    expect(await statusOf(`${url}/v2/`, 'GET', { Host: 'registry.test' })).toBe(200);
    expect(await statusOf(`${url}/v2/`, 'GET', { Host: `evil.example.com:${port}` })).toBe(403);
  });

  it('takes no write from a page of another origin (ATTACKS 98)', async () => {
    const page = { Origin: 'https://evil.example.com' };
    expect(await statusOf(`${url}/v2/fred/x/blobs/uploads/`, 'POST', page)).toBe(403);
  });

  it('tells of a port that is taken', async () => {
    const { code, stdout, stderr } = await machine.dtuf(['serve', 'other', '--port', new URL(url).port]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^dtuf: [^\n]*port[^\n]*\n$/);
  });

  it('ends with 0 when it is asked to', async () => {
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
