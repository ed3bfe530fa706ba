// A channel of the lab's Slack as a page: what the bot says is drawn from its Block Kit, as people would see it.

/** The whole page. */
export function channelPage(channel, users) {
  const top = channel.messages.filter(({ thread_ts }) => thread_ts === undefined);
  const messages = top.map((message) => {
    const below = channel.messages.filter(({ thread_ts }) => thread_ts === message.ts);
    return drawMessage(message, below, users);
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>#${text(channel.name)}</title>
<style>${STYLE}</style><body><h1># ${text(channel.name)}</h1>${messages.join('\n')}</body></html>`;
}

function drawMessage(message, below, users) {
  const name = users.get(message.user)?.name ?? message.user;
  const isBot = message.bot_id !== undefined;
  const time = new Date(Number(message.ts) * 1000).toISOString().slice(11, 16);
  const body = message.blocks === undefined ? drawText(message.text) : message.blocks.map(drawBlock).join('');
  const reactions = message.reactions
    .map(
      ({ name: emoji, count }) =>
        `<span class="reaction">${EMOJI[emoji] ?? `:${text(emoji)}:`} ${count}</span>`,
    )
    .join('');
  const thread = below
    .map(
      ({ user, text: line }) =>
        `<div class="reply"><b>${text(users.get(user)?.name ?? user)}</b> ${drawText(line)}</div>`,
    )
    .join('');
  return `<article><div class="face ${isBot ? 'bot' : ''}">${text(name.slice(0, 1).toUpperCase())}</div><div class="said">
<header><b>${text(name)}</b>${isBot ? '<span class="app">APP</span>' : ''}<time>${time} UTC</time></header>
${body}${message.edited && !isBot ? '<small>(edited)</small>' : ''}${reactions === '' ? '' : `<div>${reactions}</div>`}${thread}</div></article>`;
}

function drawBlock({ type, text: content, fields, elements }) {
  switch (type) {
    case 'header':
      return `<h2>${text(content.text)}</h2>`;
    case 'section':
      return `<div class="section">${content === undefined ? '' : drawText(content.text)}${
        fields === undefined
          ? ''
          : `<div class="fields">${fields.map((field) => `<div>${drawText(field.text)}</div>`).join('')}</div>`
      }</div>`;
    case 'context':
      return `<div class="context">${elements.map((element) => text(element.text)).join(' ')}</div>`;
    case 'actions':
      return `<div class="actions">${elements
        .map((element) => `<button class="${element.style ?? ''}">${text(element.text.text)}</button>`)
        .join('')}</div>`;
    default:
      return '';
  }
}

/** Slack's markup, as far as Sluice uses it: bold, and entities. */
function drawText(markup) {
  return markup
    .replace(/<([^<>|]*)\|?([^<>]*)>/g, (_whole, target, label) => text(label === '' ? target : label))
    .replace(/\*([^*\n]+)\*/g, '<b>$1</b>')
    .replace(/\n/g, '<br>');
}

function text(plain) {
  return plain.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

const EMOJI = { white_check_mark: '✅', x: '❌' };

const STYLE = `
body { font: 15px/1.46 "Lato", "DejaVu Sans", "Noto Color Emoji", sans-serif; color: #1d1c1d; margin: 0; padding: 0 20px 20px; background: #fff; }
h1 { font-size: 18px; border-bottom: 1px solid #ddd; padding: 12px 0; margin: 0 0 8px; }
article { display: flex; gap: 10px; padding: 8px 0; }
.face { width: 36px; height: 36px; border-radius: 4px; background: #4a8f6b; color: #fff; font-weight: 700; display: grid; place-items: center; flex: none; }
.face.bot { background: #23527c; }
.said { flex: 1; min-width: 0; }
.app { font-size: 10px; background: #e8e8e8; color: #616061; border-radius: 2px; padding: 1px 3px; margin-left: 5px; }
time { color: #616061; font-size: 12px; margin-left: 8px; }
h2 { font-size: 17px; margin: 6px 0; }
.section { margin: 4px 0; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; }
.context { color: #616061; font-size: 13px; margin: 6px 0; }
.actions { display: flex; gap: 8px; margin: 8px 0; }
button { font: 700 13px "Lato", "DejaVu Sans", sans-serif; border: 1px solid #bbb; border-radius: 4px; background: #fff; padding: 5px 12px; }
button.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
.reaction { border: 1px solid #1d9bd1; background: #e8f5fa; border-radius: 12px; padding: 1px 8px; font-size: 12px; margin-right: 4px; }
.reply { border-left: 3px solid #ddd; margin: 6px 0 0; padding-left: 10px; font-size: 14px; }
small { color: #616061; }
`;
