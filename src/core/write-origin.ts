/** On whose behalf a write is made: what an audit record says beside what was written. */
export interface WriteOrigin {
  /** Who asked, by their name in people.yaml. */
  readonly person: string;
  /** The id of the operation. */
  readonly operation: string;
  /** Who agreed, by name; empty when the rule asked for nobody. */
  readonly approvers: readonly string[];
}
