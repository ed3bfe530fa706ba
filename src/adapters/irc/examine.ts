import type { Socket } from 'node:net';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { DoctorLine } from '../../core/doctor-line.ts';
import { linesOf } from '../../core/doctor-line.ts';
import { capabilityLines } from './capability-lines.ts';

/** Where to look. Certificates and keys are PEM; `tls` false is clear text. */
export interface ExamineIrcOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: false | { readonly ca: string | undefined };
  readonly nick: string;
  readonly account:
    | { readonly kind: 'plain'; readonly name: string; readonly password: string }
    | { readonly kind: 'external'; readonly cert: string; readonly key: string };
  readonly channels: readonly string[];
  readonly timeoutMs: number;
}

interface IrcLine {
  readonly source: string;
  readonly command: string;
  readonly params: readonly string[];
}

/** The talk so far: the lines for the operator, and what is still to be answered. */
interface Talk {
  readonly options: ExamineIrcOptions;
  readonly send: (line: string) => void;
  readonly found: DoctorLine[];
  readonly open: Set<string>;
  readonly capabilities: Set<string>;
  clientTagDeny: readonly string[] | undefined;
  nick: string;
  /** What is waited for, for the line that says that it did not come. */
  stage: string;
}

const irc = linesOf('irc');
/** An AUTHENTICATE line carries so many bytes at most; a full one has another after it. */
const CHUNK = 400;
const LOGIN_REFUSED = new Set(['902', '904', '905', '906', '908']);
const JOIN_REFUSED = new Set(['403', '405', '437', '471', '473', '474', '475', '476', '477', '489', '520']);

/**
 * Connects to IRC as Sluice would, with another nick beside it: SASL, then each channel, then goes away.
 * By hand in place of the chat's library: that one hides which numeric refused what.
 */
export function examineIrc(options: ExamineIrcOptions): Promise<readonly DoctorLine[]> {
  const { host, port, timeoutMs } = options;
  return new Promise((resolve) => {
    const socket = openSocket(options);
    const talk: Talk = {
      options,
      send: (line) => socket.write(`${line}\r\n`),
      found: [],
      open: new Set(options.channels.map((channel) => channel.toLowerCase())),
      capabilities: new Set(),
      clientTagDeny: undefined,
      nick: `${options.nick.slice(0, 10)}-check`,
      stage: `the connection to ${host}:${String(port)}`,
    };
    const finish = (last?: DoctorLine): void => {
      clearTimeout(deadline);
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(last === undefined ? talk.found : [...talk.found, last]);
    };
    const deadline = setTimeout(() => {
      finish(irc.fail(`waited ${String(timeoutMs / 1000)} s for ${talk.stage}, in vain`));
    }, timeoutMs);
    let rest = '';
    socket.setEncoding('utf8');
    socket.once(options.tls === false ? 'connect' : 'secureConnect', () => {
      talk.found.push(
        irc.ok(
          `connected to ${host}:${String(port)}${options.tls === false ? ' in clear text' : ' with TLS'}`,
        ),
      );
      talk.stage = 'the login';
      for (const line of [
        'CAP LS 302',
        'CAP REQ :sasl',
        `NICK ${talk.nick}`,
        `USER ${options.nick} 0 * :sluice doctor`,
      ])
        talk.send(line);
    });
    socket.on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const last = answerLine(talk, readLine(line));
        if (last === 'done') {
          talk.send('QUIT');
          talk.found.push(...capabilityLines(talk.capabilities, talk.clientTagDeny));
        }
        if (last !== undefined) {
          finish(last === 'done' ? undefined : last);
          return;
        }
      }
    });
    socket.on('error', (error) => {
      finish(irc.fail(`${talk.stage} failed: ${error.message}`));
    });
    socket.once('close', () => {
      finish(irc.fail(`the server closed the connection before ${talk.stage}`));
    });
  });
}

function openSocket({ host, port, tls, account }: ExamineIrcOptions): Socket {
  if (tls === false) return connectPlain({ host, port });
  return connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(account.kind === 'external' ? { cert: account.cert, key: account.key } : {}),
  });
}

/** Answers one line. @returns the last line for the operator, `done` when all is seen, undefined to go on. */
function answerLine(talk: Talk, line: IrcLine): DoctorLine | 'done' | undefined {
  const { command, params } = line;
  const text = params.at(-1) ?? '';
  if (command === 'PING') talk.send(`PONG :${text}`);
  else if (command === 'ERROR') return irc.fail(`the server refuses: ${text}`);
  else if (command === '433') {
    talk.nick = `${talk.options.nick.slice(0, 8)}${String(Math.floor(1000 + Math.random() * 9000))}`;
    talk.send(`NICK ${talk.nick}`);
  } else if (command === '432') return irc.fail(`the nick ${talk.nick} is refused: ${text}`);
  else return answerLogin(talk, line) ?? answerJoin(talk, line);
  return undefined;
}

function answerLogin(talk: Talk, { command, params }: IrcLine): DoctorLine | undefined {
  const { account } = talk.options;
  const text = params.at(-1) ?? '';
  if (command === 'CAP' && params[1] === 'NAK') {
    return irc.fail('the server offers no SASL now: are its services there?');
  }
  if (command === 'CAP' && params[1] === 'LS')
    for (const capability of text.trim().split(' ')) talk.capabilities.add(capability.replace(/=.*$/s, ''));
  if (command === 'CAP' && params[1] === 'ACK') {
    talk.send(`AUTHENTICATE ${account.kind === 'plain' ? 'PLAIN' : 'EXTERNAL'}`);
  }
  if (command === 'AUTHENTICATE' && text === '+') sendCredentials(talk);
  if (LOGIN_REFUSED.has(command)) {
    const who = account.kind === 'plain' ? account.name : 'the certificate';
    return irc.fail(`login as ${who} is refused: ${text}`);
  }
  if (command === '900') talk.found.push(irc.ok(`logged in as ${params[2] ?? 'unknown'}`));
  if (command === '903') {
    talk.stage = 'the registration';
    talk.send('CAP END');
  }
  if (command === '421' && params[1] === 'CAP')
    return irc.fail('the server knows no capabilities, so no SASL');
  return undefined;
}

function answerJoin(talk: Talk, { source, command, params }: IrcLine): 'done' | undefined {
  const text = params.at(-1) ?? '';
  if (command === '001') {
    talk.nick = params[0] ?? talk.nick;
    talk.stage = `the channels ${talk.options.channels.join(', ')}`;
    for (const channel of talk.options.channels) talk.send(`JOIN ${channel}`);
  }
  const denied = params.flatMap((token) => /^CLIENTTAGDENY=(.*)$/.exec(token)?.[1] ?? []);
  if (command === '005' && denied[0] !== undefined) talk.clientTagDeny = denied[0].split(',');
  const isOwnJoin = command === 'JOIN' && source.split('!')[0] === talk.nick;
  const channel = (isOwnJoin ? params[0] : params[1]) ?? '';
  if (isOwnJoin && talk.open.delete(channel.toLowerCase())) talk.found.push(irc.ok(`may join ${channel}`));
  if (JOIN_REFUSED.has(command) && talk.open.delete(channel.toLowerCase())) {
    talk.found.push(irc.fail(`may not join ${channel}: ${text}`));
  }
  return talk.open.size === 0 ? 'done' : undefined;
}

function sendCredentials({ options: { account }, send }: Talk): void {
  const text = account.kind === 'plain' ? `\0${account.name}\0${account.password}` : '';
  const encoded = Buffer.from(text).toString('base64');
  for (let at = 0; at < encoded.length; at += CHUNK) send(`AUTHENTICATE ${encoded.slice(at, at + CHUNK)}`);
  if (encoded.length % CHUNK === 0) send('AUTHENTICATE +');
}

function readLine(line: string): IrcLine {
  const match = /^(?:@\S+ +)?(?::(\S+) +)?(\S*) *(.*)$/.exec(line);
  const [head = '', ...tail] = (match?.[3] ?? '').split(/(?:^| ):(.*)/s);
  const middle = head.split(' ').filter((part) => part !== '');
  return {
    source: match?.[1] ?? '',
    command: match?.[2] ?? '',
    params: tail.length > 0 ? [...middle, tail[0] ?? ''] : middle,
  };
}
