import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { visibleText } from '../../core/characters.ts';
import type { Fault } from '../../core/fault.ts';
import { fail, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type {
  Actor,
  Chat,
  ChatCapabilities,
  ChatState,
  Inbound,
  SendOptions,
  Sent,
} from '../../ports/chat.ts';
import { decodeSaid, encode } from './protocol.ts';

/** Somebody who may come by console: a Unix user with its id. */
interface ConsoleUser {
  readonly os: string;
  readonly uid: number;
}

/** What the adapter needs. */
export interface ConsoleOptions {
  /** The folder of the sockets, made when it is not there: everybody may enter, nobody may list. */
  readonly folder: string;
  readonly users: readonly ConsoleUser[];
  /** Of this process: only root can give a socket to somebody else. */
  readonly ownUid: number;
  readonly now: () => number;
}

/** Every console sees the same, as in a channel. */
export const CONSOLE_CHANNEL = 'console';
const ROOM_BYTES = 2000;
const ROOT = 'root';

/**
 * The consoles of this host: one socket for each person, which only their own Unix user can open. Who comes through it is that person, whatever they say;
 * nobody becomes somebody else.
 */
export function openConsole(options: ConsoleOptions, log: Log): Chat {
  return new Consoles(options, log);
}

/** `FOLDER/USER.sock`. */
export function socketPath(folder: string, os: string): string {
  return join(folder, `${os}.sock`);
}

class Consoles implements Chat {
  readonly transport = 'console';
  readonly oneVoice = true;
  readonly channels = [CONSOLE_CHANNEL];
  private readonly options: ConsoleOptions;
  private readonly log: Log;
  private servers: readonly Server[] = [];
  private readonly open = new Map<Socket, string>();
  /** By event, while it is heard. */
  private readonly askers = new Map<string, Socket>();
  private readonly epoch: number;
  private now: ChatState = 'down';
  private counter = 0;

  constructor(options: ConsoleOptions, log: Log) {
    this.options = options;
    this.log = log;
    this.epoch = options.now();
  }

  start(hear: (event: Inbound) => Promise<void>, onState: (state: ChatState) => void): void {
    const { folder, users, ownUid } = this.options;
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711);
    const root = ownUid === 0 ? [{ os: ROOT, uid: 0 }] : [];
    const own = [...users.filter(({ uid }) => ownUid === 0 || uid === ownUid), ...root];
    for (const { os } of users.filter((user) => !own.includes(user)))
      this.log.warn({ os }, 'console: only root can give somebody else a socket');
    const listening = own.map((user) => this.listen(user, hear));
    void Promise.all(listening).then(() => {
      this.now = 'ready';
      onState('ready');
    });
  }

  state(): ChatState {
    return this.now;
  }

  ownName(): string {
    return 'sluice';
  }

  capabilities(): ChatCapabilities {
    return { reactions: false, roomBytes: ROOM_BYTES, edits: false };
  }

  /** An answer goes to whoever asked; all else to everybody, as in a channel. Nobody has to be there: whoever looks later asks. */
  send(channel: string, text: string, { answers }: SendOptions): Promise<Result<Sent>> {
    const refused = this.refused(channel);
    if (refused !== undefined) return Promise.resolve(refused);
    const line = visibleText(text);
    const asker = answers === undefined ? undefined : this.askers.get(answers);
    if (asker !== undefined) asker.write(encode({ line, answer: true }));
    else for (const socket of this.open.keys()) socket.write(encode({ line, answer: false }));
    return Promise.resolve(ok({ proof: 'taken', ref: undefined }));
  }

  tell({ display }: Actor, line: string): Promise<Result<void>> {
    for (const [socket, os] of this.open)
      if (os === display) socket.write(encode({ line: visibleText(line), answer: false }));
    return Promise.resolve(ok(undefined));
  }

  private refused(channel: string): ReturnType<typeof fail<Fault>> | undefined {
    if (this.now !== 'ready') return fail({ kind: 'chat-down', transport: 'console', cause: this.now });
    if (channel === CONSOLE_CHANNEL) return undefined;
    return fail({ kind: 'chat-refused', transport: 'console', channel, cause: 'no configured channel' });
  }

  async close(): Promise<void> {
    this.now = 'down';
    for (const socket of this.open.keys()) socket.destroy();
    const { servers } = this;
    this.servers = [];
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private listen({ os, uid }: ConsoleUser, hear: (event: Inbound) => Promise<void>): Promise<void> {
    const path = socketPath(this.options.folder, os);
    // What a process left behind that is gone; one that runs has its own folder.
    rmSync(path, { force: true });
    const server = createServer((socket) => {
      this.serve(socket, os, hear);
    });
    this.servers = [...this.servers, server];
    return new Promise((resolve) => {
      server.on('error', (error) => {
        this.log.error({ os, cause: error.message }, 'console: no socket');
        resolve();
      });
      // Between the two nobody may come in: the mask of the process keeps others out.
      const mask = process.umask(0o177);
      server.listen(path, () => {
        chmodSync(path, 0o600);
        if (this.options.ownUid === 0) chownSync(path, uid, uid);
        resolve();
      });
      process.umask(mask);
    });
  }

  private serve(socket: Socket, os: string, hear: (event: Inbound) => Promise<void>): void {
    this.open.set(socket, os);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.open.delete(socket));
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      const text = decodeSaid(line);
      if (text === undefined) socket.destroy();
      else void this.ask(socket, this.heard(os, text), hear);
    });
  }

  private async ask(socket: Socket, event: Inbound, hear: (event: Inbound) => Promise<void>): Promise<void> {
    this.askers.set(event.eventKey, socket);
    try {
      await hear(event);
    } finally {
      this.askers.delete(event.eventKey);
      socket.write(encode({ heard: true }));
    }
  }

  private heard(os: string, said: string): Inbound {
    this.counter += 1;
    const addressed = /^sluice[:,]\s*/.exec(said);
    return {
      kind: 'text',
      eventKey: `console:${String(this.epoch)}:${String(this.counter)}`,
      at: this.options.now(),
      replay: false,
      channel: CONSOLE_CHANNEL,
      actor: actorOf(os),
      ref: undefined,
      text: addressed === null ? said : said.slice(addressed[0].length),
      // Nobody else talks here: a word that is no command is a mistake.
      addressed: true,
      inReplyTo: undefined,
    };
  }
}

/** Root is nobody in particular, and under sudo is whoever typed it. */
function actorOf(os: string): Actor {
  return os === ROOT
    ? {
        transport: 'console',
        account: undefined,
        display: os,
        refused: 'root reads only: sudo tells who you are',
        readsOnly: true,
      }
    : { transport: 'console', account: os, display: os };
}
