import { clearLine, cursorTo } from 'node:readline';

/** What the prompt prints on: lines that come by themselves go above the line that is being typed. */
export interface Screen {
  /** A line of the channel. */
  readonly showLine: (nick: string, text: string) => void;
  /** The lab's own words. */
  readonly tell: (text: string) => void;
  /** Draws the prompt again after each print; undefined when there is none. */
  readonly keepBelow: (prompt: (() => void) | undefined) => void;
}

const NICK_COLOURS = [36, 35, 33, 34, 32];
const BOT_COLOUR = 96;

/** Prints to stdout; in colours only on a terminal, and not where `NO_COLOR` is set. */
export function makeScreen(): Screen {
  const isTerminal = process.stdout.isTTY;
  const hasColours = isTerminal && process.env['NO_COLOR'] === undefined;
  const paint = (code: number, text: string): string =>
    hasColours ? `\u001b[${String(code)}m${text}\u001b[0m` : text;
  let drawPrompt: (() => void) | undefined;
  const print = (text: string): void => {
    if (drawPrompt !== undefined) {
      clearLine(process.stdout, 0);
      cursorTo(process.stdout, 0);
    }
    process.stdout.write(`${text}\n`);
    drawPrompt?.();
  };
  return {
    showLine: (nick, text) => {
      print(`${paint(colourOf(nick), `<${nick}>`)} ${text}`);
    },
    tell: (text) => {
      print(paint(2, text));
    },
    keepBelow: (prompt) => {
      drawPrompt = prompt;
    },
  };
}

function colourOf(nick: string): number {
  if (nick === 'sluice') return BOT_COLOUR;
  const sum = Buffer.from(nick).reduce((total, byte) => total + byte, 0);
  return NICK_COLOURS[sum % NICK_COLOURS.length] ?? BOT_COLOUR;
}
