import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { openConsole, socketPath } from '../../../src/adapters/console/chat.ts';
import { userId } from '../../../src/adapters/console/user-id.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Chat, Inbound } from '../../../src/ports/chat.ts';
import { waitUntil } from '../../lab/process.ts';

const ownUid = process.getuid?.() ?? -1;
const me = userInfo().username;
const OTHERS = ['daemon', 'bin'].map((os) => ({ os, uid: userId(os) ?? -1 }));

let folder: string;
let chat: Chat;
let heard: Inbound[];
/** What is done with an event before it counts as heard. */
let handle: (event: Inbound) => Promise<void>;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'sluice-console-')), 'console');
  heard = [];
  handle = () => Promise.resolve();
  chat = openConsole(
    { folder, users: ownUid === 0 ? OTHERS : [{ os: me, uid: ownUid }, ...OTHERS], ownUid, now: Date.now },
    silentLog,
  );
  chat.start(
    async (event) => {
      heard.push(event);
      await handle(event);
    },
    () => undefined,
  );
  await waitUntil('the console is ready', () => chat.state() === 'ready');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await chat.close();
  rmSync(join(folder, '..'), { recursive: true });
});

/** Somebody's console, and the lines that it was told. */
function come(os: string): { readonly socket: Socket; readonly told: readonly string[] } {
  const socket = connect(socketPath(folder, os));
  sockets.push(socket);
  let text = '';
  const told: string[] = [];
  socket.on('data', (data) => {
    text += data.toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    told.push(...lines);
  });
  socket.on('error', () => undefined);
  return { socket, told };
}

const firstUser = ownUid === 0 ? 'daemon' : me;

describe('the sockets', () => {
  test('each belongs to its user and to nobody else', () => {
    const owner = ownUid === 0 ? (OTHERS[0]?.uid ?? -1) : ownUid;
    expect(statSync(socketPath(folder, firstUser))).toMatchObject({ uid: owner });
    expect(statSync(socketPath(folder, firstUser)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o711);
    // Who is not root can give nobody else a socket.
    expect(existsSync(socketPath(folder, 'bin'))).toBe(ownUid === 0);
  });

  test('another user is turned away by the kernel', async () => {
    chmodSync(join(folder, '..'), 0o711);
    const program = `require('node:net').connect(process.argv[1]).on('connect', () => process.exit(0)).on('error', (error) => { console.log(error.code); process.exit(1); })`;
    const as = (uid: number, os: string): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['-e', program, socketPath(folder, os)], {
          cwd: '/',
          env: {},
          stdio: ['ignore', 'pipe', 'ignore'],
          ...(ownUid === 0 ? { uid, gid: uid } : {}),
        });
        let said = '';
        child.stdout.on('data', (data: Buffer) => {
          said += data.toString();
        });
        child.on('exit', (code) => {
          resolve(`${String(code)} ${said.trim()}`.trim());
        });
      });
    const [daemon, bin] = OTHERS.map(({ uid }) => uid);
    expect(await as(daemon ?? -1, firstUser)).toBe('0');
    // To whom it is not root's to give there is no socket at all.
    expect(await as(daemon ?? -1, 'bin')).toBe(ownUid === 0 ? '1 EACCES' : '1 ENOENT');
    expect(await as(bin ?? -1, firstUser)).toBe(ownUid === 0 ? '1 EACCES' : '0');
  });

  test('what an earlier process left behind is replaced', async () => {
    await chat.close();
    chat.start(
      () => Promise.resolve(),
      () => undefined,
    );
    await waitUntil('the console is ready again', () => chat.state() === 'ready');
    expect(existsSync(socketPath(folder, firstUser))).toBe(true);
  });
});

describe('what is said', () => {
  test('comes from the person of the socket, each line an event of its own', async () => {
    const { socket } = come(firstUser);
    socket.write('{"text":"!status maps1005"}\n{"text":"sluice: ops"}\n');
    await waitUntil('both are heard', () => heard.length === 2);
    expect(heard[0]).toMatchObject({
      kind: 'text',
      text: '!status maps1005',
      channel: 'console',
      addressed: true,
      actor: { transport: 'console', account: firstUser, display: firstUser },
    });
    expect(heard[1]).toMatchObject({ text: 'ops' });
    expect(heard[0]?.eventKey).not.toBe(heard[1]?.eventKey);
  });

  test('what is no line of a console ends the connection, and nothing of it is heard', async () => {
    for (const line of ['!pool maps1005\n', '{"text":5}\n', `{"text":"${'x'.repeat(5000)}"}\n`]) {
      const { socket } = come(firstUser);
      socket.write(line);
      await waitUntil('it is closed', () => socket.destroyed);
    }
    expect(heard).toEqual([]);
  });

  test('an answer goes to who asked, everything else to everybody, and the end of hearing is told', async () => {
    const [one, two] = [come(firstUser), come(firstUser)];
    two.socket.write('{"text":"!whoami"}\n');
    await waitUntil('both are there', () => two.told.length === 1);
    handle = async ({ eventKey }) => {
      await chat.send('console', 'the answer', { key: 'answer:x', urgency: 'result', answers: eventKey });
      await chat.send('console', 'k7f done', { key: 'k7f:done', urgency: 'result' });
    };
    one.socket.write('{"text":"!ops"}\n');
    await waitUntil('it is told', () => one.told.length === 3 && two.told.length === 2);
    expect(one.told.map((line) => JSON.parse(line) as unknown)).toEqual([
      { line: 'the answer', answer: true },
      { line: 'k7f done', answer: false },
      { heard: true },
    ]);
    expect(two.told.slice(1).map((line) => JSON.parse(line) as unknown)).toEqual([
      { line: 'k7f done', answer: false },
    ]);
  });
});

test('root is nobody in particular, and may look', async () => {
  if (ownUid !== 0) {
    expect(existsSync(socketPath(folder, 'root'))).toBe(false);
    return;
  }
  come('root').socket.write('{"text":"!ops"}\n');
  await waitUntil('it is heard', () => heard.length === 1);
  expect(heard[0]?.actor).toMatchObject({ account: undefined, readsOnly: true });
});

test('a user that the host does not have has no id', () => {
  expect(userId('nobody-is-called-this')).toBeUndefined();
  expect(userId('-x')).toBeUndefined();
  expect(userId(me)).toBe(ownUid);
});
