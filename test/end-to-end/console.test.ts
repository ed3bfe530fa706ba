import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { Talker } from './conversation.ts';
import { logLines, objectPath, talker } from './conversation.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const isRoot = process.getuid?.() === 0;
/** Root has no console of its own, and every host has these. */
const USERS = isRoot ? { elukey: 'daemon', jijiki: 'bin' } : { elukey: userInfo().username, jijiki: 'bin' };

/** How a console ended, and what it printed. */
interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the console of the host', () => {
  let lab: Lab;
  let jijiki: Talker;
  let sluice: ReturnType<Lab['startSluice']>;

  beforeAll(async () => {
    lab = await startLab();
    const people = join(dirname(lab.configFile), 'people.yaml');
    const before = parse(readFileSync(people, 'utf8')) as readonly { readonly name: string }[];
    const withUsers = before.map((one) => ({
      ...one,
      ...(one.name in USERS ? { os: USERS[one.name as keyof typeof USERS] } : {}),
    }));
    writeFileSync(people, stringify(withUsers), { mode: 0o600 });
    sluice = lab.startSluice();
    jijiki = await talker(lab, 'jijiki');
    await sluice.ready;
  });
  afterAll(() => lab.stop());

  /** `command` is run in place of the console where it wraps it. */
  function start(sudoUser: string | undefined, wrap: (line: readonly string[]) => readonly string[]) {
    const line = wrap([
      process.execPath,
      '--import',
      'tsx',
      'src/main.ts',
      'console',
      '--config',
      lab.configFile,
    ]);
    const child = spawn(line[0] ?? '', line.slice(1), {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: undefined, SUDO_USER: sudoUser },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        resolve({ code, out, err });
      });
    });
    return { stdin: child.stdin, printed: () => out, ended };
  }

  function piped(text: string, user: string | undefined = isRoot ? USERS.elukey : undefined): Promise<Ended> {
    const { stdin, ended } = start(user, (line) => line);
    stdin.end(text);
    return ended;
  }

  test('commands from a pipe are answered in order, plainly', async () => {
    const { code, out, err } = await piped('!whoami\n\n!status maps1005\n');
    expect(err).toBe('');
    expect(out.split('\n')[0]).toMatch(/elukey/);
    expect(out).toContain('maps1005');
    expect(out).not.toContain('\u001b');
    expect(code).toBe(0);
  });

  test('what is typed wrongly is 2, what may not be is 1, and the worst of several counts', async () => {
    expect(await piped('!pool\n')).toMatchObject({ code: 2 });
    expect(await piped('!depool all kartotherian-sl\n')).toMatchObject({ code: 2 });
    const floor = await piped('!depool maps[1005-1010] kartotherian-ssl\n!ops\n');
    expect(floor.out).toContain('refused: ');
    expect(floor.code).toBe(1);
  });

  test('what waits for somebody else is 4, and everybody in the channel sees it and may approve', async () => {
    const seen = jijiki.irc.waitFor(/^elukey \(console\)|^\S+ \(console\): \S+ waits for/);
    const asked = await piped('!pool wikikube-worker1001 kartotherian-k8s-ssl from the host - T378944\n');
    expect(asked.code).toBe(4);
    const id = /: (\S+) waits for/.exec((await seen).text)?.[1] ?? '';
    expect(asked.out).toContain(`${id} waits for 1 approval`);
    const logged = jijiki.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`));
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    expect((await logged).text).toContain('by elukey, ok jijiki');
    expect(await lab.etcdValue(objectPath('wikikube-worker1001', 'kartotherian-k8s-ssl'))).toBe(
      '{"weight": 1, "pooled": "yes"}',
    );
    expect(logLines(jijiki, id)).toHaveLength(1);
  });

  test('what needs no approval is waited for to its end', async () => {
    const { code, out } = await piped('!depool maps1005 kartotherian-ssl\n');
    expect(out).toMatch(/ done in [\d.]+ s: maps1005\.eqiad\.wmnet no\/10/);
    expect(code).toBe(0);
  });

  test('an approval by console needs a rule that says so', async () => {
    const { id } = await jijiki.request('!pool wikikube-worker1002 kartotherian-k8s-ssl');
    const { code, out } = await piped(`!approve ${id}\n`);
    expect(out).toContain('refused: console: ');
    expect(code).toBe(1);
  });

  test('who is nobody here is told how to become somebody', async () => {
    const { code, err, out } = await piped('!ops\n', isRoot ? 'games' : 'root');
    expect(out).toBe('');
    expect(err).toMatch(/^no console for \w+ \((?:ENOENT|EACCES)\): is Sluice running/);
    expect(code).toBe(1);
  });

  test('root without sudo may look, and change nothing', async () => {
    const looks = await piped('!ops\n', '');
    expect(looks.code).toBe(isRoot ? 0 : 1);
    const acts = await piped('!depool maps1006 kartotherian-ssl\n', '');
    expect(acts.code).toBe(1);
    expect(await lab.etcdValue(objectPath('maps1006', 'kartotherian-ssl'))).toContain('"yes"');
  });

  test('on a terminal there is a prompt, and what is refused is red', async () => {
    const quoted = (line: readonly string[]): string => line.map((word) => `'${word}'`).join(' ');
    const { stdin, printed, ended } = start(isRoot ? USERS.elukey : undefined, (line) => [
      'script',
      '-qec',
      quoted(line),
      '/dev/null',
    ]);
    await waitUntil('the prompt is there', () => printed().includes(`${USERS.elukey}> `));
    stdin.write('!depool maps[1005-1010] kartotherian-ssl\n');
    await waitUntil('it is refused', () => /\u001b\[31m\S+: refused: .*\u001b\[0m/.test(printed()));
    stdin.write('/quit\n');
    expect((await ended).code).toBe(0);
  });

  test('a console says so when Sluice is gone, and ends', async () => {
    const { printed, ended } = start(isRoot ? USERS.elukey : undefined, (line) => [
      'script',
      '-qec',
      line.map((word) => `'${word}'`).join(' '),
      '/dev/null',
    ]);
    await waitUntil('the prompt is there', () => printed().includes(`${USERS.elukey}> `));
    sluice.process.signal('SIGKILL');
    expect((await ended).code).toBe(3);
    expect(printed()).toContain('Sluice has ended');
  });
});
