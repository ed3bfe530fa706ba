import { faultOfIssue } from './arguments.ts';
import { visibleText } from './characters.ts';
import type { Command, Given, Schemas } from './command.ts';
import type { Fault } from './fault.ts';
import { isDryRun, isPrivateWord, takeFlag } from './flag-words.ts';
import { nearest } from './nearest.ts';
import type { BreakGlass } from './operation.ts';
import type { TypedOption } from './options.ts';
import { sortTokens } from './options.ts';
import { optionsOf, takeBreakGlass } from './plan-options.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import { splitTail } from './tail.ts';
import type { Token } from './tokens.ts';
import { readTokens } from './tokens.ts';

/** A line that one command understands. */
export interface Invocation {
  readonly kind: 'invocation';
  readonly command: Command;
  /** What the command's own schemas made of the tokens; options that were not typed are absent. */
  readonly given: Given<Schemas, Schemas>;
  readonly dryRun: boolean;
  /** The reason is for the audit log only. */
  readonly isPrivate: boolean;
  /** Somebody does not wait for anybody else. */
  readonly breakGlass: BreakGlass | undefined;
  /** The rest of the line in its own words, without what cannot be seen; empty when there was none. */
  readonly reason: string;
  /** `T378944`, in the order typed, each once. */
  readonly tasks: readonly string[];
  /** The whole line, with its `!`, without what cannot be seen. */
  readonly line: string;
}

/** What a line in the channel is to us. */
export type Parsed =
  /** Talk, or another bot's word: no answer. */
  | { readonly kind: 'nothing' }
  /** We were addressed, with a word that is no command. */
  | { readonly kind: 'unknown'; readonly fault: Fault }
  /** Our command, wrongly typed. */
  | { readonly kind: 'fault'; readonly command: Command; readonly fault: Fault }
  | Invocation;

const NAME_SHOWN = 40;

/**
 * Reads one chat line.
 *
 * @param options.addressed the line was said to us by name (already taken off): then the `!` may be left out, and a word
 *   that is no command is answered.
 */
export function parseLine(
  line: string,
  commands: readonly Command[],
  options: { readonly addressed: boolean },
): Parsed {
  const [word, ...tokens] = readTokens(line);
  if (word === undefined) return { kind: 'nothing' };
  const name = word.text.replace(/^!/, '').toLowerCase();
  const isOurs = word.text.startsWith('!') || options.addressed;
  const command = isOurs && !word.quoted ? commands.find((each) => each.name === name) : undefined;
  if (command === undefined) return options.addressed ? unknownCommand(name, commands) : { kind: 'nothing' };

  const invocation = parseCommand(command, tokens, line);
  if (!invocation.ok) return { kind: 'fault', command, fault: invocation.fault };
  const text = visibleText(line);
  return { ...invocation.value, line: text.startsWith('!') ? text : `!${text}` };
}

function unknownCommand(name: string, commands: readonly Command[]): Parsed {
  const shown = visibleText(name).slice(0, NAME_SHOWN);
  const names = commands.map((command) => command.name);
  return { kind: 'unknown', fault: { kind: 'command-unknown', name: shown, nearest: nearest(shown, names) } };
}

function parseCommand(
  command: Command,
  tokens: readonly Token[],
  line: string,
): Result<Omit<Invocation, 'line'>> {
  const sorted = sortTokens(command, tokens);
  if (!sorted.ok) return sorted;
  const { options } = sorted.value;

  const positional = takeArguments(command, sorted.value.words);
  if (!positional.ok) return positional;
  const args = readArguments(command, positional.value);
  if (!args.ok) return args;
  const read = readOptions(command, options);
  if (!read.ok) return read;

  const rest = sorted.value.words.slice(positional.value.length);
  const plain = { isSet: false, rest };
  const dry = command.kind === 'plan' ? takeFlag(rest, isDryRun) : plain;
  const withheld = command.kind === 'plan' ? takeFlag(dry.rest, isPrivateWord) : plain;
  const words = withheld.rest;
  const tail = splitTail(words, line);
  if (!tail.ok) return fail({ ...tail.fault, usage: command.usage });
  const { reason, tasks } = tail.value;
  if (command.rest === 'none' && words.length > 0) {
    const text = visibleText(line.slice(words[0]?.start));
    return fail({ kind: 'text-unexpected', text, usage: command.usage });
  }
  if (command.rest === 'required-reason' && !/[\p{L}\p{N}]/u.test(reason)) {
    return fail({ kind: 'argument-missing', argument: 'REASON', usage: command.usage });
  }
  const taken = takeBreakGlass({ ...args.value, ...read.value }, command.usage);
  if (!taken.ok) return taken;
  const flags = { dryRun: dry.isSet, isPrivate: withheld.isSet };
  return ok({ kind: 'invocation', command, ...taken.value, ...flags, reason, tasks });
}

/** The leading words that are arguments. The words `dry-run` and `private` end them: no service is called that. */
function takeArguments(command: Command, words: readonly Token[]): Result<readonly Token[]> {
  const texts = words.map(({ text }) => text);
  const most = command.countArguments?.(texts) ?? Object.keys(command.args).length;
  const end = command.kind === 'plan' ? words.findIndex((word) => isDryRun(word) || isPrivateWord(word)) : -1;
  const taken = words.slice(0, end === -1 ? most : Math.min(most, end));
  const open = taken.find((token) => token.openQuote !== undefined);
  return open?.openQuote === undefined ? ok(taken) : fail({ kind: 'quote-open', quote: open.openQuote });
}

function readArguments(
  command: Command,
  tokens: readonly Token[],
): Result<Readonly<Record<string, unknown>>> {
  const given: Record<string, unknown> = {};
  for (const [index, [key, schema]] of Object.entries(command.args).entries()) {
    const text = tokens[index]?.text;
    const value = schema.safeParse(text);
    const argument = argumentName(key);
    if (value.success) {
      given[key] = value.data;
    } else if (text === undefined) {
      return fail({ kind: 'argument-missing', argument, usage: command.usage });
    } else {
      return fail(unreadable(command, { argument, text, issue: value.error.issues[0] }));
    }
  }
  return ok(given);
}

function readOptions(
  command: Command,
  options: readonly TypedOption[],
): Result<Readonly<Record<string, unknown>>> {
  const given: Record<string, unknown> = {};
  for (const { name, value } of options) {
    const read = optionsOf(command)[name]?.safeParse(value);
    if (read?.success === true) {
      given[name] = read.data;
    } else {
      return fail(unreadable(command, { argument: name, text: value, issue: read?.error.issues[0] }));
    }
  }
  return ok(given);
}

type Issue = Parameters<typeof faultOfIssue>[0];

function unreadable(
  command: Command,
  found: { readonly argument: string; readonly text: string; readonly issue: Issue | undefined },
): Fault {
  const fault = found.issue === undefined ? undefined : faultOfIssue(found.issue);
  if (fault !== undefined) return fault;
  return {
    kind: 'argument-invalid',
    argument: found.argument,
    text: visibleText(found.text),
    why: found.issue?.message ?? '',
    usage: command.usage,
  };
}

/** `operationId` -> `OPERATION-ID`, as usage lines write arguments. */
function argumentName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase();
}
