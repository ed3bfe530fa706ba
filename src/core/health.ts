/** One part of Sluice and whether it works. `text` is for people. */
export interface PartHealth {
  readonly part: string;
  readonly ok: boolean;
  readonly text: string;
}
