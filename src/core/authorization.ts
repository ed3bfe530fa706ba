/** What the rule that fits asks for, as it is stored with an operation. The worker judges anew from its own policy file. */
export interface RuleApplied {
  /** Position in the policy, from 1, for messages. */
  readonly number: number;
  /** How many other people must agree. */
  readonly approvals: number;
  /** Roles whose people may approve. */
  readonly approve: readonly string[];
  /** How long the request waits for approval. */
  readonly expiresMs: number;
  /** Percent of a data centre's serving weight that may go per 30 minutes. */
  readonly maxShareRemoved: number;
}
