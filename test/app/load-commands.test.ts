import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadCommands } from '../../src/app/load-commands.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-commands-'));
  // The built commands are modules too.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file that makes a command of this name, as the compiler would leave it. */
function commandFile(name: string): string {
  return `export default {
    kind: 'decide', name: '${name}', summary: 'a test', usage: '!${name}', example: '!${name}',
    args: {}, options: {}, rest: 'none', decide: () => ({ kind: 'stop-all' }),
  };`;
}

function put(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

const load = (): ReturnType<typeof loadCommands> => loadCommands(pathToFileURL(`${folder}/`));

describe('loadCommands', () => {
  test('makes one command of each file, sorted by name', async () => {
    put('stop.js', commandFile('stop'));
    put('a-first.js', commandFile('a-first'));
    expect((await load()).map(({ name }) => name)).toEqual(['a-first', 'stop']);
  });

  test('passes over what the compiler leaves beside the commands', async () => {
    put('stop.js', commandFile('stop'));
    put('stop.js.map', '{}');
    put('stop.d.ts', 'export {};');
    put('README.md', 'words');
    expect(await load()).toHaveLength(1);
  });

  test.each([
    ['broken.js', 'export default {', /^commands\/broken\.js: does not load: /],
    ['throws.js', 'throw new Error("at home");', /^commands\/throws\.js: does not load: at home$/],
    ['absent.js', "import './no-such-file.js';", /^commands\/absent\.js: does not load: .*no-such-file/s],
    ['empty.js', 'export const x = 1;', /^commands\/empty\.js: default export: /],
    ['other.js', commandFile('stop'), /^commands\/other\.js: is !stop, so the file must be called like it$/],
    [
      'say.js',
      commandFile('say').replace("'none'", "'required-reason'"),
      /^commands\/say\.js: example: '!say' /,
    ],
  ])('names %s, and loads nothing', async (file, text, message) => {
    put('stop.js', commandFile('stop'));
    put(file, text);
    await expect(load()).rejects.toThrow(message);
  });

  test('refuses two files that make the same command', async () => {
    put('stop.js', commandFile('stop'));
    put('stop.ts', commandFile('stop'));
    await expect(load()).rejects.toThrow('commands/stop.ts: another file is !stop too');
  });

  test('a folder that is not there stops the start', async () => {
    await expect(loadCommands(pathToFileURL(`${folder}/none/`))).rejects.toThrow('ENOENT');
  });

  test("reads the package's own folder, and every command there keeps its word", async () => {
    const names = (await loadCommands()).map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
  });
});
