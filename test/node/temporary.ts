import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dtuf-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file system of its own of `size` bytes that goes away with the test. */
export function smallDisk(size: number): { path: string; makeReadOnly: () => void } {
  const path = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  // Registered later, so that it runs before the folder is removed.
  onTestFinished(() => {
    execFileSync('umount', ['-l', path]);
  });
  return { path, makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]) };
}

/** Whether {@link smallDisk} works here: root on Linux. Says loudly where it does not. */
export function canMakeDisks(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'dtuf-test-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(
      'NOT RUN: the tests with full and read-only disks, which need the right to mount (root on Linux).',
    );
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
