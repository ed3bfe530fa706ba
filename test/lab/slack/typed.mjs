// Last labels of host names that Slack draws as links.
const DOMAINS = new Set(['org', 'net', 'com', 'io', 'dev', 'wiki', 'test', 'md', 'sh', 'py']);

/** What Slack makes of what a person types: `& < >` escaped, host names and mail addresses drawn as links; mentions stay. */
export function typed(text) {
  return text
    .split(/(<[@#!][^>]*>|\s+)/)
    .map((word) => (word === '' || /^\s+$/.test(word) || /^<[@#!]/.test(word) ? word : drawn(word)))
    .join('');
}

function drawn(word) {
  if (/^https?:\/\/\S+$/.test(word)) return `<${escaped(word)}>`;
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(word)) return `<mailto:${word}|${word}>`;
  const host = /^([a-z0-9-]+(?:\.[a-z0-9-]+)+)([:/]\S*)?$/i.exec(word);
  const isKnown = host !== null && DOMAINS.has(host[1].split('.').pop().toLowerCase());
  return isKnown ? `<http://${escaped(word)}|${escaped(word)}>` : escaped(word);
}

function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
