import { visibleText } from './characters.ts';
import type { Command } from './command.ts';
import { DRY_RUN, isDryRun, isPrivateWord } from './flag-words.ts';
import type { Fault } from './fault.ts';
import { nearest } from './nearest.ts';
import { optionsOf } from './plan-options.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import type { Token } from './tokens.ts';
import { withoutDashes } from './tokens.ts';

/** `name=value` as typed, the name in lower case. */
export interface TypedOption {
  readonly name: string;
  readonly value: string;
}

/** The tokens of a line, told apart. */
interface SortedTokens {
  readonly options: readonly TypedOption[];
  /** All others, in order: the arguments, then the rest. */
  readonly words: readonly Token[];
}

/** `word=value`: what stands before the `=` is one word, so that URLs and code in a reason are none. */
const OPTION = /^([\p{L}\p{N}\p{M}\p{Cf}_.-]+)=/u;
const NAME_SHOWN = 40;

/**
 * Takes the options out of a line, wherever they stand.
 *
 * @returns Faults `option-unknown`, `option-twice`, `quote-open` and `argument-invalid` (`--weight 5`, `dry-run=yes`).
 */
export function sortTokens(command: Command, tokens: readonly Token[]): Result<SortedTokens> {
  const options: TypedOption[] = [];
  const words: Token[] = [];
  for (const token of tokens) {
    const name = optionName(command, token);
    if (name === undefined) {
      words.push(token);
      continue;
    }
    if (!Object.hasOwn(optionsOf(command), name)) return fail(unknownOption(command, token, name));
    if (token.openQuote !== undefined) return fail({ kind: 'quote-open', quote: token.openQuote });
    if (options.some((option) => option.name === name)) {
      return fail({ kind: 'option-twice', option: name, usage: command.usage });
    }
    const equals = token.text.indexOf('=');
    if (equals === -1) return fail(dashedOption(command, token, name));
    options.push({ name, value: token.text.slice(equals + 1) });
  }
  return ok({ options, words });
}

/** The name before `=`, or that of a dashed word that is nearly an option: `--dryrn` must not become a reason. */
function optionName(command: Command, token: Token): string | undefined {
  if (token.quoted || !takesOptions(command)) return undefined;
  const match = OPTION.exec(token.text);
  if (match !== null) {
    const name = withoutDashes(match[1] ?? '').toLowerCase();
    // The reason of a brake such as `!lock` may hold `load=99`: it must not hold the brake up.
    return command.kind === 'decide' && !Object.hasOwn(command.options, name) ? undefined : name;
  }
  const bare = withoutDashes(token.text).toLowerCase();
  if (!token.text.startsWith('--') || isDryRun(token) || isPrivateWord(token)) return undefined;
  return nearest(bare, optionNames(command)).length === 0 ? undefined : bare;
}

/** Whether `word=value` may be an option. A brake such as `!freeze` has none: `load=99` in its reason must not hold it up. */
function takesOptions(command: Command): boolean {
  return command.kind !== 'decide' || Object.keys(command.options).length > 0;
}

function optionNames(command: Command): readonly string[] {
  const own = Object.keys(optionsOf(command));
  return command.kind === 'plan' ? [...own, DRY_RUN] : own;
}

function unknownOption(command: Command, token: Token, name: string): Fault {
  const option = visibleText(name).slice(0, NAME_SHOWN);
  const { usage } = command;
  const near = nearest(option, optionNames(command));
  if (near[0] !== DRY_RUN) return { kind: 'option-unknown', option, nearest: near, usage };
  const why = 'dry-run stands alone, as the last word';
  return { kind: 'argument-invalid', argument: DRY_RUN, text: visibleText(token.text), why, usage };
}

/** `--weight 5`, as other tools have it. */
function dashedOption(command: Command, token: Token, name: string): Fault {
  const why = `write ${name}=, without dashes and without a blank`;
  const text = visibleText(token.text);
  return { kind: 'argument-invalid', argument: name, text, why, usage: command.usage };
}
