import type { Card } from '../../core/card.ts';
import { escapeSlack } from './text.ts';

/** A Block Kit block, as JSON. */
export type Block = Readonly<Record<string, unknown>> & { readonly type: string };

/** Slack refuses more; what is longer is cut here, with a sign that it is. */
const MOST_TEXT = 2800;
const MOST_HEADER = 150;
const MOST_FIELDS = 10;

const SIGNS: Readonly<Record<Card['tone'], string>> = {
  waiting: '⏳',
  running: '▶️',
  good: '✅',
  bad: '❗',
  over: '⏹️',
};

const LABELS = { approve: 'Approve', deny: 'Deny', cancel: 'Cancel', undo: 'Undo' } as const;
const STYLES: Readonly<Record<string, string>> = { approve: 'primary', deny: 'danger' };

/** Draws a card: what it is, how it stands, the facts, what was said last, what can be pressed. Every text is shown as it is. */
export function blocksOf(card: Card): readonly Block[] {
  const { facts, lines, buttons } = card;
  return [
    { type: 'header', text: plain(`${SIGNS[card.tone]} ${card.title}`, MOST_HEADER) },
    { type: 'section', text: marked(`*${escapeSlack(card.status)}*`) },
    ...(facts.length === 0
      ? []
      : [
          {
            type: 'section',
            fields: facts
              .slice(0, MOST_FIELDS)
              .map(({ name, value }) => marked(`*${escapeSlack(name)}*\n${escapeSlack(value)}`, 2000)),
          },
        ]),
    ...lines.map((line) => ({ type: 'context', elements: [plain(line, MOST_TEXT)] })),
    ...(buttons.length === 0
      ? []
      : [{ type: 'actions', elements: buttons.map((name) => button(name, card.id)) }]),
  ];
}

function button(name: Card['buttons'][number], id: string): object {
  const style = STYLES[name];
  return {
    type: 'button',
    action_id: name,
    value: id,
    text: plain(`${LABELS[name]} ${id}`, 75),
    ...(style === undefined ? {} : { style }),
  };
}

function plain(text: string, most: number): object {
  return { type: 'plain_text', text: shortened(text, most), emoji: true };
}

function marked(text: string, most = MOST_TEXT): object {
  return { type: 'mrkdwn', text: shortened(text, most), verbatim: true };
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
