/**
 * JSON as Python reads and writes it, without loss: conftool rewrites whole objects by `json.loads` and `json.dumps`, and a driver beside it must
 * leave the same bytes. JavaScript's own parser moves keys that look like numbers to the front and forgets how a number was written.
 */
export type PythonJson =
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, PythonJson> }
  | { readonly kind: 'array'; readonly items: readonly PythonJson[] }
  | { readonly kind: 'string'; readonly value: string }
  /** `text` is as Python would write it: also `NaN` and `Infinity`, which it takes and gives though JSON knows none. */
  | { readonly kind: 'number'; readonly text: string; readonly isInteger: boolean }
  | { readonly kind: 'literal'; readonly value: boolean | null };

/** Reads one JSON text. @throws SyntaxError with what is wrong and where. */
export function parsePythonJson(text: string): PythonJson {
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

/** Writes it as `json.dumps` does: `", "` and `": "`, ASCII only. */
export function writePythonJson(value: PythonJson): string {
  switch (value.kind) {
    case 'object':
      return `{${[...value.fields].map(([key, field]) => `${quote(key)}: ${writePythonJson(field)}`).join(', ')}}`;
    case 'array':
      return `[${value.items.map(writePythonJson).join(', ')}]`;
    case 'string':
      return quote(value.value);
    case 'number':
      return value.text;
    case 'literal':
      return String(value.value);
  }
}

/** Python's `ensure_ascii` escapes whatever is not a visible ASCII character or the blank: DEL too. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** As Python's `repr` of a float: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on. */
function floatText(number: number): string {
  if (!Number.isFinite(number)) return String(number);
  if (Object.is(number, -0)) return '-0.0';
  if (number === 0) return '0.0';
  const [digits = '', exponentText = '0'] = number.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain =
    exponent < 0
      ? number.toFixed(Math.max(0, digits.replace(/[-.]/g, '').length - 1 - exponent))
      : String(number);
  return plain.includes('.') ? plain : `${plain}.0`;
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
const NO_NUMBER = /NaN|-?Infinity/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\n\r]*/y;
const DEEPEST = 100;

class Reader {
  private readonly text: string;
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(): PythonJson {
    this.match(BLANK);
    const value = this.bare();
    this.match(BLANK);
    return value;
  }

  end(): void {
    if (this.at < this.text.length) throw this.error('more text after the value');
  }

  private bare(): PythonJson {
    const character = this.text.charAt(this.at);
    if (character === '{') return this.nested(() => this.object());
    if (character === '[') return this.nested(() => this.array());
    if (character === '"') return { kind: 'string', value: this.string() };
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return { kind: 'literal', value };
      }
    }
    return this.number();
  }

  private nested(read: () => PythonJson): PythonJson {
    if (++this.depth > DEEPEST) throw this.error('nested too deep');
    this.at++;
    const value = read();
    this.depth--;
    return value;
  }

  /** A key that stands twice has its last value in its first place, as in a Python dict. */
  private object(): PythonJson {
    const fields = new Map<string, PythonJson>();
    this.match(BLANK);
    if (this.take('}')) return { kind: 'object', fields };
    do {
      this.match(BLANK);
      const key = this.string();
      this.match(BLANK);
      if (!this.take(':')) throw this.error("no ':' after a key");
      fields.set(key, this.value());
    } while (this.take(','));
    if (!this.take('}')) throw this.error("no '}'");
    return { kind: 'object', fields };
  }

  private array(): PythonJson {
    const items: PythonJson[] = [];
    this.match(BLANK);
    if (this.take(']')) return { kind: 'array', items };
    do items.push(this.value());
    while (this.take(','));
    if (!this.take(']')) throw this.error("no ']'");
    return { kind: 'array', items };
  }

  private string(): string {
    const found = this.match(STRING);
    if (found === undefined) throw this.error('no string');
    return JSON.parse(found) as string;
  }

  private number(): PythonJson {
    const word = this.match(NO_NUMBER);
    if (word !== undefined) return { kind: 'number', text: word, isInteger: false };
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (found === null) throw this.error('no value');
    this.at = NUMBER.lastIndex;
    const [text, fraction, exponent] = found;
    if (fraction !== undefined || exponent !== undefined) {
      return { kind: 'number', text: floatText(Number(text)), isInteger: false };
    }
    return { kind: 'number', text: text === '-0' ? '0' : text, isInteger: true };
  }

  private take(character: string): boolean {
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at = pattern.lastIndex;
    return found;
  }

  private error(what: string): SyntaxError {
    return new SyntaxError(`${what} at character ${String(this.at)}`);
  }
}
