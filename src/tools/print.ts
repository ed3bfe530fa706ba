/** Takes one line of what a tool says. */
export type Print = (line: string) => void;
