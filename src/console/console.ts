import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { socketPath } from '../adapters/console/chat.ts';
import type { ToldLine } from '../adapters/console/protocol.ts';
import { decodeTold, encode } from '../adapters/console/protocol.ts';
import { readThrown } from '../core/thrown.ts';
import type { Outcome } from './outcome.ts';
import { EXIT, readOutcome, readTyped } from './outcome.ts';

/** What the console is run with. */
export interface ConsoleRun {
  /** The folder of the sockets. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly error: (text: string) => void;
}

const ANSWER_MS = 15_000;
/** An operation may drain hosts; longer than this somebody looks by `!show`. */
const END_MS = 3_600_000;

/**
 * A console of the running Sluice, for the Unix user who runs it: under sudo for the one who typed it. From a pipe one command a line, each waited for, and
 * the worst outcome is the exit code.
 *
 * @returns 0 done, nothing to do or answered; 1 refused, failed, conflict, denied, expired; 2 usage; 3 unknown; 4 waiting.
 */
export async function runConsole(run: ConsoleRun): Promise<number> {
  const sudo = run.env['SUDO_USER'] ?? '';
  const user = sudo === '' ? userInfo().username : sudo;
  const path = socketPath(run.folder, user);
  const socket = await open(path).catch((error: unknown) => readThrown(error).code ?? 'no connection');
  if (typeof socket === 'string') {
    run.error(
      `no console for ${user} (${socket}): is Sluice running, and has ${user} an entry os: in people.yaml? ${path}`,
    );
    return EXIT.refused;
  }
  const talk = new Talk(socket, user, run);
  try {
    return run.input.isTTY === true ? await typed(talk, run, user) : await piped(talk, run);
  } finally {
    socket.destroy();
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

async function piped(talk: Talk, { input }: ConsoleRun): Promise<number> {
  let worst: number = EXIT.done;
  for await (const line of createInterface({ input })) {
    if (line.trim() === '') continue;
    worst = Math.max(worst, await talk.command(line));
    if (talk.isOver) return Math.max(worst, EXIT.unknown);
  }
  return worst;
}

async function typed(talk: Talk, { input, output, error }: ConsoleRun, user: string): Promise<number> {
  const lines = createInterface({ input, output, prompt: `${user}> ` });
  talk.onLine = () => {
    lines.prompt(true);
  };
  talk.onOver = () => {
    lines.close();
  };
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() === '/quit') break;
    if (line.trim() !== '') talk.say(line);
    lines.prompt();
  }
  if (!talk.isOver) return EXIT.done;
  error('\nSluice has ended, or ended this console.');
  return EXIT.unknown;
}

/** What was said of the command, and not of something else. */
type Said = Exclude<Outcome, 'other'>;

/** Said and told, over one socket. */
class Talk {
  isOver = false;
  /** Called after each line that was printed. */
  onLine: (() => void) | undefined;
  /** Called when the socket is gone. */
  onOver: (() => void) | undefined;
  private readonly socket: Socket;
  private readonly user: string;
  private hear: ((told: ToldLine | undefined) => void) | undefined;

  constructor(socket: Socket, user: string, { output }: ConsoleRun) {
    this.socket = socket;
    this.user = user;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isOver = true;
      this.onOver?.();
      this.hear?.(undefined);
    });
    createInterface({ input: socket }).on('line', (text) => {
      const told = decodeTold(text);
      if (told !== undefined && 'line' in told) {
        output.write(`${output.isTTY === true ? colour(told.line) : told.line}\n`);
        this.onLine?.();
      }
      if (told !== undefined) this.hear?.(told);
    });
  }

  say(text: string): void {
    this.socket.write(encode({ text }));
  }

  /** Says one command and waits for how it comes out. @returns the exit code. */
  command(text: string): Promise<number> {
    return new Promise((resolve) => {
      let typed = readTyped(text, this.user);
      let outcome: Said = 'open';
      let heard = false;
      const end = (code: number): void => {
        clearTimeout(timer);
        this.hear = undefined;
        resolve(code);
      };
      let timer = setTimeout(end, ANSWER_MS, EXIT.unknown);
      this.hear = (told) => {
        if (told === undefined) {
          end(EXIT.unknown);
          return;
        }
        if ('heard' in told) heard = true;
        else {
          const read = readOutcome(told, typed);
          typed = { ...typed, operation: read.operation };
          if (read.outcome !== 'other') outcome = worse(outcome, read.outcome);
        }
        if (outcome !== 'open') {
          if (heard) end(EXIT[outcome]);
        } else if (typed.operation !== undefined) {
          clearTimeout(timer);
          timer = setTimeout(end, END_MS, EXIT.unknown);
        }
      };
      this.say(text);
    });
  }
}

/** An answer may have several lines; a refusal among them stays one. */
function worse(before: Said, now: Said): Said {
  if (before === 'open' || before === 'done') return now;
  return before;
}

/** On a terminal the first look should tell: red what did not happen, green what did. */
function colour(line: string): string {
  const bad = /(?:refused|failed|conflict|UNKNOWN|held|FROZEN|LOCKED|DISAGREES|ALERT)\b/.test(line);
  if (bad) return `\u001b[31m${line}\u001b[0m`;
  return /^\S+ done in /.test(line) ? `\u001b[32m${line}\u001b[0m` : line;
}
