import { visibleText } from '../characters.ts';

/**
 * User text made safe for the Server Admin Log: what stashbot copies into a wiki page, a Phabricator comment and a toot.
 * One line, in the person's words, but it cannot expand wikitext or remarkup, notify anyone, comment on a task or reach
 * another channel's log. Cleaning twice changes nothing, and no piece of the result is less harmless than the whole.
 * The order matters: what a step takes out must not bring together what an earlier one looked for.
 */
export function cleanText(text: string): string {
  return (
    visibleText(text)
      .normalize('NFC')
      // Templates, links, tags, table and signature marks of wikitext; `{F1}` embeds of remarkup.
      .replaceAll('{', '(')
      .replaceAll('}', ')')
      .replace(/\[{2,}/g, (run) => '('.repeat(run.length))
      .replace(/\]{2,}/g, (run) => ')'.repeat(run.length))
      .replaceAll('<', '‹')
      .replaceAll('>', '›')
      .replaceAll('|', '/')
      .replace(/~{3,}/g, '-')
      // `@name` notifies and `#project` subscribes, at the start of a word only: user@host and C# are neither.
      .replace(/(?<![\p{L}\p{N}_])[@#]+(?=[\p{L}\p{N}_.-])/gu, '')
      .replace(/'{2,}/g, '"')
      // `__NOINDEX__` and its kind switch the whole page.
      .replace(/_{2,}(?=[\p{L}\p{N}_]*__)/gu, '_')
      // Anywhere in a line this copies it to another log, without its first characters.
      .replace(/#(?=releng)/gi, '-')
      .replace(/(?<![A-Za-z0-9_])T(?=\p{N})/gu, 't')
      .replace(/ {2,}/g, ' ')
      .trim()
  );
}

/** A host, service, person or id as one harmless word: nothing but `a-z0-9._-`, at most 253 characters. */
export function cleanName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '')
    .slice(0, 253);
}
