/** A channel on a network. */
export interface Place {
  readonly transport: string;
  readonly channel: string;
}
