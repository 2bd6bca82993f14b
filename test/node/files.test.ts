import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeFiles } from '../../adapters/node/files.ts';
import { utf8 } from '../../src/encoding.ts';
import type { Sink } from '../../src/ports.ts';
import { canMakeDisks, smallDisk, temporaryFolder } from './temporary.ts';

const disks = canMakeDisks();
const linux = process.platform === 'linux';
const MiB = 1024 * 1024;

describe('a spool', () => {
  test('gives back what was written, in pieces, and leaves nothing behind', async () => {
    const temporary = temporaryFolder();
    const data = pattern(MiB + 7);
    const spool = await nodeFiles({ temporary }).spool(data.length);
    await spool.write(data.subarray(0, 300_000));
    await spool.write(data.subarray(300_000));
    const pieces = await readPieces(await spool.read());
    expect(Buffer.concat(pieces).equals(data)).toBe(true);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBe(256 * 1024);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('has no name while it is written, so that SIGKILL leaves nothing (ATTACKS 62)', async () => {
    const temporary = temporaryFolder();
    const spool = await nodeFiles({ temporary }).spool(5);
    await spool.write(utf8('hello'));
    expect(readdirSync(temporary)).toEqual([]);
    await spool.discard();
    await spool.discard();
  });

  test('that is cancelled half way, or never read, leaves no open file', async () => {
    const files = nodeFiles({ temporary: temporaryFolder() });
    const before = openFiles();
    const cancelled = await files.spool(MiB);
    await cancelled.write(pattern(MiB));
    const reader = (await cancelled.read()).getReader();
    await reader.read();
    await reader.cancel();
    const unread = await files.spool(5);
    await unread.discard();
    const empty = await files.spool(0);
    expect(await readPieces(await empty.read())).toEqual([]);
    expect(openFiles()).toBe(before);
  });

  test.runIf(linux)('is readable by its owner only', async () => {
    // Where the name is gone at once, the file is seen through its descriptor.
    const spool = await nodeFiles({ temporary: temporaryFolder() }).spool(5);
    const open = readdirSync('/proc/self/fd').map((fd) => join('/proc/self/fd', fd));
    const ours = open.find(
      (path) => linkOf(path).includes('dtuf-') && linkOf(path).endsWith('.tmp (deleted)'),
    );
    expect((statSync(ours ?? '').mode & 0o777).toString(8)).toBe('600');
    await spool.discard();
  });

  test('in a folder that is not there is a clear error', async () => {
    const refused = nodeFiles({ temporary: join(temporaryFolder(), 'missing') }).spool(5);
    await expect(refused).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('missing'),
    });
  });

  test.runIf(disks)(
    'for which there is no room is refused before a byte is written (ATTACKS 64)',
    async () => {
      const disk = smallDisk(MiB);
      const refused = nodeFiles({ temporary: disk.path }).spool(2 * MiB);
      await expect(refused).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining(`${2 * MiB}`),
      });
    },
  );

  test.runIf(disks)(
    'on a disk that gets full on the way is a clear error, and frees the room (ATTACKS 64, 77)',
    async () => {
      const disk = smallDisk(MiB);
      const spool = await nodeFiles({ temporary: disk.path }).spool(1000);
      await spool.write(pattern(900_000));
      const refused = spool.write(pattern(900_000));
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FAILED', got: 'ENOSPC' });
      writeFileSync(join(disk.path, 'other'), pattern(900_000));
    },
  );
});

describe('a sink', () => {
  test('shows nothing under the name before it is committed, and the whole file after', async () => {
    const folder = temporaryFolder();
    const sink = await sinkFor(join(folder, 'out.bin'), 10);
    await sink.write(utf8('hello'));
    expect(readdirSync(folder).filter((name) => name === 'out.bin')).toEqual([]);
    await sink.write(utf8('world'));
    await sink.commit();
    expect(readFileSync(join(folder, 'out.bin'), 'utf8')).toBe('helloworld');
    await sink.abort();
    expect(readdirSync(folder)).toEqual(['out.bin']);
  });

  test('that is aborted leaves what was there before, and nothing else', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'out'), 'old');
    const sink = await sinkFor(join(folder, 'out'), 10);
    await sink.write(utf8('half'));
    await sink.abort();
    expect(readdirSync(folder)).toEqual(['out']);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('old');
  });

  test('keeps the mode of the file that it replaces', async () => {
    const path = join(temporaryFolder(), 'out');
    writeFileSync(path, '#!/bin/sh');
    chmodSync(path, 0o750);
    await save(path, 'new');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('750');
  });

  test('writes a name of 255 bytes', async () => {
    const path = join(temporaryFolder(), `${'ü'.repeat(127)}x`);
    await save(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  test('to a folder is refused (ATTACKS 77)', async () => {
    const folder = temporaryFolder();
    await expect(sinkFor(folder, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(sinkFor(`${folder}/new/`, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(sinkFor(join(folder, 'missing/out'), 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(sinkFor('a\0b', 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(sinkFor(join(folder, 'x'.repeat(300)), 1)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('to a link replaces what the link names, also where that is not there yet (ATTACKS 77)', async () => {
    const [folder, other] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(other, 'file'), 'old');
    symlinkSync(join(other, 'file'), join(folder, 'out'));
    symlinkSync('out', join(folder, 'again'));
    symlinkSync(join(other, 'later'), join(folder, 'dangling'));
    await save(join(folder, 'again'), 'new');
    await save(join(folder, 'dangling'), 'new');
    expect(readFileSync(join(other, 'file'), 'utf8')).toBe('new');
    expect(readFileSync(join(other, 'later'), 'utf8')).toBe('new');
    expect(readlinkSync(join(folder, 'again'))).toBe('out');
    expect([...readdirSync(folder).sort(), ...readdirSync(other).sort()]).toEqual([
      'again',
      'dangling',
      'out',
      'file',
      'later',
    ]);
  });

  test('to links in a circle is refused (ATTACKS 77)', async () => {
    const folder = temporaryFolder();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(sinkFor(join(folder, 'a'), 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('to a pipe gives it every byte at the commit, and none before (ATTACKS 77)', async () => {
    const path = pipe();
    const data = pattern(MiB);
    const sink = await sinkFor(path, data.length);
    await sink.write(data);
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pieces: Buffer[] = [];
    reader.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    const ended = once(reader, 'close');
    await sink.commit();
    await ended;
    expect(Buffer.concat(pieces).equals(data)).toBe(true);
  });

  test.runIf(linux)('to a device writes it, and does not replace it (ATTACKS 77)', async () => {
    // A device of the test's own: the machine's would be lost with the first mistake. Only root can make one.
    const device = process.getuid?.() === 0 ? join(temporaryFolder(), 'null') : '/dev/null';
    if (device !== '/dev/null') execFileSync('mknod', [device, 'c', '1', '3']);
    await save(device, 'new');
    expect(statSync(device).isCharacterDevice()).toBe(true);
    const full = await sinkFor('/dev/full', 3);
    await full.write(utf8('new'));
    await expect(full.commit()).rejects.toMatchObject({ code: 'STORAGE_FAILED', got: 'ENOSPC' });
  });

  test.runIf(linux)(
    'to a file that is open already, as /dev/stdout with ">> log" is, adds to it (ATTACKS 77)',
    async () => {
      const path = join(temporaryFolder(), 'log');
      writeFileSync(path, 'before ');
      const fd = openSync(path, 'a');
      onTestFinished(() => closeSync(fd));
      await save(`/proc/self/fd/${fd}`, 'new');
      expect(readFileSync(path, 'utf8')).toBe('before new');
    },
  );

  test('to a socket is refused (ATTACKS 77)', async () => {
    const path = join(temporaryFolder(), 'socket');
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    await expect(save(path, 'new')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('beside another to the same name: both end well, one wins, no half file (ATTACKS 77)', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'out');
    const contents = [pattern(MiB), pattern(MiB).reverse(), utf8('short')];
    const sinks = await Promise.all(contents.map((data) => sinkFor(path, data.length)));
    await Promise.all(
      sinks.map(async (sink, i) => {
        await sink.write(contents[i] ?? new Uint8Array());
        await sink.commit();
      }),
    );
    expect(contents.some((data) => readFileSync(path).equals(data))).toBe(true);
    expect(readdirSync(folder)).toEqual(['out']);
  });

  test('without a path is refused', async () => {
    const refused = nodeFiles().sink({ fileName: 'x' }, 'x', 1);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', target: 'x' });
  });

  test.runIf(disks)(
    'on a disk that gets full leaves the old file and no half one (ATTACKS 64, 77)',
    async () => {
      const disk = smallDisk(MiB);
      writeFileSync(join(disk.path, 'out'), 'old');
      const early = sinkFor(join(disk.path, 'out'), 2 * MiB);
      await expect(early).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
      const sink = await sinkFor(join(disk.path, 'out'), 1000);
      await sink.write(pattern(900_000));
      const refused = sink.write(pattern(900_000));
      await expect(refused).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        got: 'ENOSPC',
        message: expect.stringContaining('out'),
      });
      await sink.abort();
      expect(readdirSync(disk.path)).toEqual(['out']);
      expect(readFileSync(join(disk.path, 'out'), 'utf8')).toBe('old');
    },
  );

  test.runIf(disks)('in a read-only folder is a clear error (ATTACKS 64)', async () => {
    const disk = smallDisk(MiB);
    disk.makeReadOnly();
    const refused = sinkFor(join(disk.path, 'out'), 1);
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FAILED', got: 'EROFS' });
  });
});

describe('content', () => {
  test('a file is read anew at each open, by its path or its address', async () => {
    const path = join(temporaryFolder(), 'a file %41');
    const data = pattern(MiB + 3);
    writeFileSync(path, data);
    for (const place of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const content = await nodeFiles().content(place);
      expect(content.length).toBe(data.length);
      for (const again of [1, 2]) {
        expect(Buffer.concat(await readPieces(await content.open())).equals(data), `${again}`).toBe(true);
      }
    }
  });

  test('two streams at once do no harm to each other, and leave no open file', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, pattern(MiB));
    const before = openFiles();
    const content = await nodeFiles().content(path);
    const both = await Promise.all([content.open(), content.open()]);
    const [one, two] = await Promise.all(both.map(readPieces));
    expect(Buffer.concat(one ?? []).equals(Buffer.concat(two ?? []))).toBe(true);
    await (await content.open()).cancel();
    expect(openFiles()).toBe(before);
  });

  test('an empty file is an empty stream', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    const content = await nodeFiles().content(path);
    expect([content.length, await readPieces(await content.open())]).toEqual([0, []]);
  });

  test('a pipe is spooled, so that it can be opened twice', async () => {
    const [path, temporary] = [pipe(), temporaryFolder()];
    const writer = spawn('sh', ['-c', `printf 'hello ' > "$0"; `, path]);
    onTestFinished(() => void writer.kill());
    const content = await nodeFiles({ temporary }).content(path);
    expect(content.length).toBe(6);
    for (const again of [1, 2]) {
      expect(Buffer.concat(await readPieces(await content.open())).toString(), `${again}`).toBe('hello ');
    }
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('a file that grows or shrinks while it is published is a clear error, never other bytes', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, pattern(MiB));
    const content = await nodeFiles().content(path);
    const reader = (await content.open()).getReader();
    await reader.read();
    writeFileSync(path, 'short');
    const rest = async () => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining('changed'),
    });
    await expect(content.open()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    writeFileSync(path, pattern(MiB));
    appendFileSync(path, 'more');
    await expect(content.open()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('a folder, a missing file and another kind of address are refused', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    const bad = [
      folder,
      join(folder, 'sub'),
      join(folder, 'missing'),
      new URL('https://example.com/x'),
      'a\0b',
      'file:%00',
    ];
    for (const place of bad) {
      await expect(nodeFiles().content(place)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

describe('a small file', () => {
  test('is read up to the limit, and refused above it', async () => {
    const path = join(temporaryFolder(), 'root.json');
    writeFileSync(path, '12345');
    expect(await nodeFiles().readSmall(pathToFileURL(path), 5)).toEqual(utf8('12345'));
    await expect(nodeFiles().readSmall(pathToFileURL(path), 4)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('a folder, a missing file and another kind of address are refused', async () => {
    const folder = temporaryFolder();
    const read = (url: URL) => nodeFiles().readSmall(url, 10);
    await expect(read(pathToFileURL(folder))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(read(pathToFileURL(join(folder, 'x')))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(read(new URL('https://example.com/'))).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });
});

function sinkFor(path: string, length: number): Promise<Sink> {
  return nodeFiles({ temporary: temporaryFolder() }).sink({ path }, basename(path), length);
}

async function save(path: string, text: string): Promise<void> {
  const sink = await sinkFor(path, text.length);
  await sink.write(utf8(text));
  await sink.commit();
}

async function readPieces(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  const reader = stream.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) pieces.push(piece.value);
  return pieces;
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 251);
}

function pipe(): string {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

function openFiles(): number {
  return linux ? readdirSync('/proc/self/fd').length : 0;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
