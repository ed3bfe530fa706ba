import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** One message that a client of the lab saw. */
export interface SeenLine {
  readonly at: number;
  readonly nick: string;
  readonly account: string | undefined;
  readonly target: string;
  readonly text: string;
  readonly msgid: string | undefined;
  readonly kind: 'message' | 'notice';
  readonly tags: Readonly<Record<string, string>>;
}

/** A person (or bot) of the lab: a real client, and not made with the library that Sluice uses, so that each judges the other. */
export interface IrcPerson {
  readonly nick: string;
  /** Every message seen since it connected, its own too. */
  readonly lines: readonly SeenLine[];
  join(channel: string): Promise<void>;
  part(channel: string): void;
  /** Who is in a channel, without the signs of their rank. */
  names(channel: string): Promise<readonly string[]>;
  say(target: string, text: string): void;
  react(channel: string, messageId: string, emoji: string): void;
  changeNick(nick: string): Promise<void>;
  /** A raw line, for what no honest client sends. */
  raw(line: string): void;
  /** The first line from now on, or from index `since` of `lines` on, that matches. Rejects after `timeoutMs` with what was seen. */
  waitFor(
    what: RegExp | ((line: SeenLine) => boolean),
    timeoutMs?: number,
    options?: { readonly since?: number },
  ): Promise<SeenLine>;
  /** Hears every message from now on. @returns what ends it. */
  listen(hear: (line: SeenLine) => void): () => void;
  quit(): Promise<void>;
}

/** A line of the protocol. */
interface Message {
  readonly tags: Readonly<Record<string, string>>;
  readonly nick: string;
  readonly command: string;
  readonly params: readonly string[];
}

const CAPABILITIES = ['message-tags', 'account-tag', 'server-time', 'echo-message', 'batch'];
const WAIT_MS = 30_000;
const QUIT_MS = 1000;

/**
 * Connects and registers; with `account` logs in by SASL first.
 *
 * @param options.caps other capabilities than the usual ones.
 * @throws when the login is refused or it takes longer than ten seconds.
 */
export async function connectIrc(options: {
  readonly port: number;
  readonly nick: string;
  readonly account?: string;
  readonly password?: string;
  readonly caps?: readonly string[];
}): Promise<IrcPerson> {
  const client = new IrcClient(options.nick, options.port);
  await client.register(
    options.account,
    options.password ?? `pw-${options.account ?? ''}`,
    options.caps ?? CAPABILITIES,
  );
  return client;
}

class IrcClient implements IrcPerson {
  nick: string;
  readonly lines: SeenLine[] = [];
  private readonly socket: Socket;
  private readonly ears = new Set<(line: SeenLine) => void>();
  private readonly listeners = new Set<(message: Message) => void>();
  private readonly closed: Promise<void>;
  private buffer = '';

  constructor(nick: string, port: number) {
    this.nick = nick;
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => {
      this.receive(text);
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
    });
  }

  async register(
    account: string | undefined,
    password: string,
    capabilities: readonly string[],
  ): Promise<void> {
    const welcome = this.next('registration', ({ command }) => command === '001', 30_000);
    const refused = this.next('no refusal', ({ command }) => command === '904', 30_000);
    refused.catch(() => undefined);
    welcome.catch(() => undefined);
    this.raw(`CAP REQ :${[...capabilities, ...(account === undefined ? [] : ['sasl'])].join(' ')}`);
    this.raw(`NICK ${this.nick}`);
    this.raw('USER lab 0 * :lab');
    if (account !== undefined) {
      this.raw('AUTHENTICATE PLAIN');
      await this.next('AUTHENTICATE', ({ command }) => command === 'AUTHENTICATE', 30_000);
      this.raw(`AUTHENTICATE ${Buffer.from(`${account}\0${account}\0${password}`).toString('base64')}`);
      const outcome = await Promise.race([
        this.next('login', ({ command }) => command === '903', 30_000),
        refused,
      ]);
      if (outcome.command === '904') throw new Error(`${account}: the login was refused`);
    }
    this.raw('CAP END');
    await welcome;
  }

  async join(channel: string): Promise<void> {
    const joined = this.next(
      `join of ${channel}`,
      ({ command, params }) => command === '366' && params[1]?.toLowerCase() === channel.toLowerCase(),
    );
    this.raw(`JOIN ${channel}`);
    await joined;
  }

  async names(channel: string): Promise<readonly string[]> {
    const found: string[] = [];
    const collect = ({ command, params }: Message): void => {
      if (command === '353') found.push(...(params.at(-1) ?? '').split(' '));
    };
    this.listeners.add(collect);
    try {
      const all = this.next(`names of ${channel}`, ({ command }) => command === '366');
      this.raw(`NAMES ${channel}`);
      await all;
    } finally {
      this.listeners.delete(collect);
    }
    return found.map((name) => name.replace(/^[~&@%+!]+/, '')).filter((name) => name !== '');
  }

  part(channel: string): void {
    this.raw(`PART ${channel}`);
  }

  say(target: string, text: string): void {
    this.raw(`PRIVMSG ${target} :${text}`);
  }

  react(channel: string, messageId: string, emoji: string): void {
    this.raw(`@+draft/react=${emoji};+draft/reply=${messageId} TAGMSG ${channel}`);
  }

  async changeNick(nick: string): Promise<void> {
    const changed = this.next('new nick', ({ command, params }) => command === 'NICK' && params[0] === nick);
    this.raw(`NICK ${nick}`);
    await changed;
    this.nick = nick;
  }

  raw(line: string): void {
    if (this.socket.writable) this.socket.write(`${line}\r\n`);
  }

  waitFor(
    what: RegExp | ((line: SeenLine) => boolean),
    timeoutMs = WAIT_MS,
    options: { readonly since?: number } = {},
  ): Promise<SeenLine> {
    const matches = (line: SeenLine): boolean => (what instanceof RegExp ? what.test(line.text) : what(line));
    const known = options.since === undefined ? undefined : this.lines.slice(options.since).find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const stopListening = this.listen((line) => {
        if (!matches(line)) return;
        stop();
        resolve(line);
      });
      const timer = setTimeout(() => {
        stop();
        const seen = this.lines.slice(-12).map((line) => `<${line.nick}> ${line.text}`);
        reject(
          new Error(
            `${this.nick} saw no ${String(what)} in ${String(timeoutMs)} ms, but:\n${seen.join('\n')}`,
          ),
        );
      }, timeoutMs);
      const stop = (): void => {
        clearTimeout(timer);
        stopListening();
      };
    });
  }

  listen(hear: (line: SeenLine) => void): () => void {
    this.ears.add(hear);
    return () => {
      this.ears.delete(hear);
    };
  }

  async quit(): Promise<void> {
    this.raw('QUIT :bye');
    const hard = setTimeout(() => this.socket.destroy(), QUIT_MS);
    await this.closed;
    clearTimeout(hard);
  }

  private next(what: string, matches: (message: Message) => boolean, timeoutMs = WAIT_MS): Promise<Message> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.listeners.delete(look);
        reject(new Error(`${this.nick}: no ${what} in ${String(timeoutMs)} ms`));
      }, timeoutMs);
      timer.unref();
      const look = (message: Message): void => {
        if (!matches(message)) return;
        clearTimeout(timer);
        this.listeners.delete(look);
        resolve(message);
      };
      this.listeners.add(look);
    });
  }

  private receive(text: string): void {
    const lines = (this.buffer + text).split('\r\n');
    this.buffer = lines.pop() ?? '';
    for (const line of lines) this.handle(parseMessage(line));
  }

  private handle(message: Message): void {
    const { command, params, nick, tags } = message;
    if (command === 'PING') this.raw(`PONG :${params[0] ?? ''}`);
    if (command === 'PRIVMSG' || command === 'NOTICE') {
      const line: SeenLine = {
        at: tags['time'] === undefined ? Date.now() : Date.parse(tags['time']),
        nick,
        account: tags['account'],
        target: params[0] ?? '',
        text: params[1] ?? '',
        msgid: tags['msgid'],
        kind: command === 'PRIVMSG' ? 'message' : 'notice',
        tags,
      };
      this.lines.push(line);
      for (const ear of [...this.ears]) ear(line);
    }
    for (const listener of [...this.listeners]) listener(message);
  }
}

function parseMessage(line: string): Message {
  const match = /^(?:@(\S+) +)?(?::(\S+) +)?(\S+)(.*)$/s.exec(line);
  const [, tagText = '', source = '', command = '', rest = ''] = match ?? [];
  const tags = Object.fromEntries(
    tagText
      .split(';')
      .filter((tag) => tag !== '')
      .map((tag) => {
        const [name = '', ...value] = tag.split('=');
        return [name, unescapeTag(value.join('='))];
      }),
  );
  const [middle = '', ...trailing] = rest.split(/ :(.*)$/s);
  const params = middle.split(' ').filter((param) => param !== '');
  if (rest.includes(' :')) params.push(trailing[0] ?? '');
  return { tags, nick: source.split('!')[0] ?? '', command, params };
}

function unescapeTag(value: string): string {
  const escapes: Readonly<Record<string, string>> = { ':': ';', s: ' ', r: '\r', n: '\n', '\\': '\\' };
  return value.replace(/\\(.)/g, (_all, sign: string) => escapes[sign] ?? sign);
}
