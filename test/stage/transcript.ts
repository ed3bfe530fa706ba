import { readFileSync, writeFileSync } from 'node:fs';

/** One exchange of a story: what happens, and all that Sluice then said and did, in order. */
export interface Exchange {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A story of `test/transcripts`: a comment that says what it claims, then exchanges. */
export interface Transcript {
  readonly claim: string;
  readonly exchanges: readonly Exchange[];
}

/**
 * Reads a `.chat` file. Lines with `# ` at the top are the claim. Exchanges are divided by blank lines; in each, `----` divides what
 * happens from what Sluice then says and does.
 */
export function readTranscript(file: string): Transcript {
  const lines = readFileSync(file, 'utf8').split('\n');
  const claim = lines
    .filter((line) => line.startsWith('# '))
    .map((line) => line.slice(2))
    .join(' ');
  const body = lines.filter((line) => !line.startsWith('# ')).join('\n');
  const exchanges = body
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''))
    .filter((block) => block.length > 0)
    .map((block) => {
      const divider = block.indexOf('----');
      if (divider < 1)
        throw new Error(`${file}: an exchange needs something that happens, then ----: ${block[0] ?? ''}`);
      return { inputs: block.slice(0, divider), outputs: block.slice(divider + 1) };
    });
  if (claim === '' || exchanges.length === 0) throw new Error(`${file}: needs a claim and an exchange`);
  return { claim, exchanges };
}

/** Writes what was seen into the file: `UPDATE_TRANSCRIPTS=1`, the difference is what a reviewer reads. */
export function writeTranscript(file: string, transcript: Transcript): void {
  const comment = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('# '));
  const blocks = transcript.exchanges.map(({ inputs, outputs }) =>
    [...inputs, '----', ...outputs].join('\n'),
  );
  const [first = '', ...others] = blocks;
  writeFileSync(file, `${[[...comment, first].join('\n'), ...others].join('\n\n')}\n`);
}
