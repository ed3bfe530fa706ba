/** One bar: its parts from left to right, in milliseconds. */
export interface Stack {
  readonly name: string;
  readonly parts: readonly { readonly what: string; readonly ms: number }[];
}

const WIDTH = 760;
const LEFT = 190;
const BAR = 26;
const STEP = 44;
const TOP = 46;
const COLOURS = ['#4477aa', '#66ccee', '#228833', '#ccbb44', '#ee6677', '#aa3377'];

/** Stacked bars on one scale, as SVG. Parts of the same name have the same colour. */
export function picture(title: string, stacks: readonly Stack[]): string {
  const names = [...new Set(stacks.flatMap(({ parts }) => parts.map(({ what }) => what)))];
  const longest = Math.max(...stacks.map(totalOf));
  const scale = (WIDTH - LEFT - 80) / longest;
  const height = TOP + stacks.length * STEP + 24 * Math.ceil(names.length / 2) + 16;
  const bars = stacks.flatMap((stack, row) => {
    const y = TOP + row * STEP;
    let x = LEFT;
    const parts = stack.parts.map(({ what, ms }) => {
      const width = Math.max(0, ms) * scale;
      const part = `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(BAR)}" fill="${colourOf(names, what)}"><title>${escaped(what)}: ${ms.toFixed(1)} ms</title></rect>`;
      x += width;
      return part;
    });
    return [
      text(LEFT - 10, y + 18, stack.name, 'end'),
      ...parts,
      text(x + 8, y + 18, `${totalOf(stack).toFixed(1)} ms`, 'start'),
    ];
  });
  const legend = names.flatMap((name, index) => {
    const x = LEFT + (index % 2) * 270;
    const y = TOP + stacks.length * STEP + 24 * Math.floor(index / 2);
    return [
      `<rect x="${fixed(x)}" y="${fixed(y)}" width="14" height="14" fill="${colourOf(names, name)}"/>`,
      text(x + 20, y + 12, name, 'start'),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fixed(WIDTH)} ${fixed(height)}" font-family="sans-serif" font-size="13">`,
    `<rect width="${fixed(WIDTH)}" height="${fixed(height)}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...bars,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function totalOf({ parts }: Stack): number {
  return parts.reduce((sum, { ms }) => sum + ms, 0);
}

function colourOf(names: readonly string[], name: string): string {
  return COLOURS[names.indexOf(name) % COLOURS.length] ?? '#000000';
}

function text(x: number, y: number, words: string, anchor: 'start' | 'end'): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
