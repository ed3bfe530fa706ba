import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a process that runs `code` writes to its log: pino writes to the file descriptor itself. */
function logOf(code: string, secrets: readonly string[] = []): readonly Record<string, unknown>[] {
  const script = `
    const { openLog } = await import('./src/observe/log.ts');
    const { know, within } = await import('./src/observe/context.ts');
    const log = openLog('info', ${JSON.stringify(secrets)});
    ${code}`;
  const ran = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: join(ROOT),
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  return ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('every line says which message and which operation it is about', () => {
  const lines = logOf(`
    log.info({}, 'before');
    await within({ log }, 'hear', { event: 'e1' }, async ({ log }) => {
      log.info({}, 'heard');
      await within({ log }, 'other', { object: 'a' }, () => Promise.resolve());
      know({ log }, 'op', 'k3f');
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.warn({ cause: 'late' }, 'stored');
      await within({ log }, 'write', { object: 'b' }, async ({ log }) => log.error({}, 'not written'));
    });
    log.info({}, 'after');`);
  expect(lines.map(({ msg, event, op, object }) => [msg, event, op, object])).toEqual([
    ['before', undefined, undefined, undefined],
    ['heard', 'e1', undefined, undefined],
    ['stored', 'e1', 'k3f', undefined],
    ['not written', 'e1', 'k3f', 'b'],
    ['after', undefined, undefined, undefined],
  ]);
});

test('what runs side by side is kept apart', () => {
  const lines = logOf(`
    await Promise.all(['a', 'b'].map((op) => within({ log }, 'run', { op }, async ({ log }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.info({}, op);
    })));`);
  expect(lines.map(({ msg, op }) => [msg, op])).toEqual([
    ['a', 'a'],
    ['b', 'b'],
  ]);
});

test('a secret that an error carries is not shown, in whatever form', () => {
  const secret = 'pass"word & more';
  const lines = logOf(
    `const secret = ${JSON.stringify(secret)};
    log.error({ url: 'redis://sluice:' + encodeURIComponent(secret) + '@host', cause: 'with ' + secret }, 'refused ' + secret);`,
    [secret],
  );
  expect(lines).toEqual([
    expect.objectContaining({
      url: 'redis://sluice:[secret]@host',
      cause: 'with [secret]',
      msg: 'refused [secret]',
    }),
  ]);
});
