import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openAudit } from '../../../src/adapters/audit/audit.ts';
import { readAudit, verifyAudit } from '../../../src/adapters/audit/read.ts';
import { claimAuditSlot } from '../../../src/adapters/audit/slot.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-slot-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('two at once write two logs, and one that comes after the first has gone takes its place', async () => {
  const first = await claimAuditSlot(folder);
  const second = await claimAuditSlot(folder);
  expect([first, second].map(({ number }) => number)).toEqual([1, 2]);
  expect([first.file, second.file]).toEqual([join(folder, 'audit.log'), join(folder, 'audit.2.log')]);
  await first.release();
  const third = await claimAuditSlot(folder);
  expect(third.number).toBe(1);
  await Promise.all([second.release(), third.release()]);
});

test('another directory is another matter', async () => {
  const other = mkdtempSync(join(tmpdir(), 'sluice-slot-'));
  const slots = [await claimAuditSlot(folder), await claimAuditSlot(other)];
  expect(slots.map(({ number }) => number)).toEqual([1, 1]);
  await Promise.all(slots.map((slot) => slot.release()));
  rmSync(other, { recursive: true });
});

test('what several wrote is read as one story, in its order, and each chain holds by itself', async () => {
  let now = 0;
  const slots = [await claimAuditSlot(folder), await claimAuditSlot(folder)];
  const logs = await Promise.all(slots.map(({ file }) => openAudit(file, () => (now += 1000))));
  for (const number of [0, 1, 2, 3, 4, 5])
    await logs[number % 2]?.append({ op: 'k7f', event: 'e', person: undefined, data: { number } });
  expect((await readAudit(folder)).map(({ data }) => data)).toEqual(
    [0, 1, 2, 3, 4, 5].map((number) => ({ number })),
  );
  for (const { file } of slots)
    expect(await verifyAudit(file)).toMatchObject({ ok: true, value: { count: 3 } });
  await Promise.all([...logs.map((log) => log.close()), ...slots.map((slot) => slot.release())]);
});
