const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/**
 * What a person typed, out of what Slack made of it: mentions become ids, links that Slack itself drew become the words again, entities characters.
 * A link whose words and target differ stays as it came, so that it is refused where a name is wanted.
 */
export function readSlackText(text: string): string {
  // One pass: what an entity becomes is never read as markup.
  return text.replace(/<([^<>]*)>|&(?:lt|gt|amp);/g, (found: string, inner: string | undefined) =>
    inner === undefined ? (ENTITIES[found] ?? found) : readToken(inner),
  );
}

function readToken(inner: string): string {
  const bar = inner.indexOf('|');
  const [target, label] = bar === -1 ? [inner, undefined] : [inner.slice(0, bar), inner.slice(bar + 1)];
  if (/^[@#][UWC][A-Z0-9]+$/.test(target)) return target.slice(1);
  const drawn = label !== undefined && (target === `http://${label}` || target === `mailto:${label}`);
  if (drawn) return unescape(label);
  // A link that was typed as one is what was typed; anything else keeps its brackets.
  return label === undefined && /^https?:\/\//.test(target) ? unescape(target) : `<${inner}>`;
}

function unescape(text: string): string {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** Text that shows as it is: no mention, no link, no markup that Slack acts on. */
export function escapeSlack(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Whether the text begins with a mention of this user, and what follows it. */
export function withoutMention(
  text: string,
  userId: string,
): { readonly addressed: boolean; readonly text: string } {
  const mention = new RegExp(`^\\s*<@${userId}(?:\\|[^>]*)?>[:,]?\\s*`).exec(text);
  return mention === null
    ? { addressed: false, text }
    : { addressed: true, text: text.slice(mention[0].length) };
}
