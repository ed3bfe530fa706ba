import { z } from 'zod';

/** What a console says to the running Sluice: one line, as in the channel. */
const Said = z.object({ text: z.string().max(4096) });

/**
 * What Sluice says to a console. `answer`: to this console alone, as the answer to what was typed. `heard`: what was typed was heard to its end;
 * what still comes is about an operation.
 */
const Told = z.union([
  z.object({ line: z.string(), answer: z.boolean() }),
  z.object({ heard: z.literal(true) }),
]);

/** What Sluice says to a console. */
export type ToldLine = z.output<typeof Told>;

/** One JSON object a line. */
export function encode(value: z.output<typeof Said> | ToldLine): string {
  return `${JSON.stringify(value)}\n`;
}

/** @returns undefined for what is no such line. */
export function decodeSaid(line: string): string | undefined {
  return Said.safeParse(parse(line)).data?.text;
}

/** @returns undefined for what is no such line. */
export function decodeTold(line: string): ToldLine | undefined {
  return Told.safeParse(parse(line)).data;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
