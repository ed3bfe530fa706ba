/**
 * Every bound that Sluice keeps: how long it waits, how often it tries, how much it holds. Milliseconds where a name
 * ends in `Ms`. They are no settings: an operator who has to tune them has found a bug.
 */
export const BOUNDS = {
  /** An approved operation that has not written by then expires. */
  startWithinMs: 5 * 60_000,
  /** An operation that no process has touched for so long is taken over: its worker is taken for dead. */
  orphanedAfterMs: 5_000,
  /** An operation that was interrupted for longer is held: whoever watched it has turned to something else. */
  interruptedMs: 2 * 60_000,
  /** A command that the network delivers later than this never runs. */
  oldestCommandMs: 60_000,
  /** Tries to learn what became of a write whose answer was lost; then it is UNKNOWN. */
  writeTries: 3,
  /** Wait between two such tries. */
  writeRetryMs: 500,
  /** Questions that are read for and answered at the same time; the next ones wait, brakes and approvals never do. Two reads each: fewer than there are connections to etcd. */
  questionsAtOnce: 32,
  /** One read from etcd. */
  conftoolReadMs: 2_000,
  /** One write to etcd. Without a quorum etcd gives up by itself after 7 s; by then nobody in chat is waiting. */
  conftoolWriteMs: 3_500,
  /** Waiting for a change of an object that may not have come. */
  conftoolEventMs: 500,
  /** One question to one load balancer: three are asked for each write, and somebody waits. */
  balancerMs: 1_000,
  /** One request to an API server: less than what makes others take an operation for orphaned. */
  clusterMs: 3_000,
  /** Before an API server is asked again whose watch was cut. */
  clusterRetryMs: 500,
  /** One question to a metrics server. */
  metricsMs: 2_000,
  /** One question to a host that is to be pooled, when the catalogue gives no time of its own, and the most that it may give. */
  probeMs: 3_000,
  probeMostMs: 20_000,
  /** Hosts that are probed at the same time. */
  probesAtOnce: 16,
  /** Wait for the acknowledgement of a log line before the next is sent: stashbot's edits of one page conflict. */
  logPaceMs: 5_000,
  /** The sliding window of `maxShareRemoved`. */
  removalWindowMs: 30 * 60_000,
  /** People who spoke in this time are named when an approval is asked for. */
  seenLatelyMs: 60 * 60_000,
  /** After this long without a sign of who speaks, another process does. */
  voiceLeaseMs: 8_000,
  /** How often whoever speaks says that it is there. */
  voiceRenewMs: 2_000,
  /** So much earlier it leaves when it cannot say so: saying goodbye takes up to a second. */
  voiceMarginMs: 2_500,
  /** How often it is looked whether the voice is still there. */
  voiceLookMs: 500,
  /** How often the head of the audit log is noted in syslog. */
  headEveryMs: 3_600_000,
  /** How often it is proved that the worker takes jobs. */
  canaryEveryMs: 30_000,
  /** How often waiting and forgotten operations are looked after. */
  sweepEveryMs: 1_000,
  /** How often the outbox looks for lines that are not said yet, besides being told. */
  outboxEveryMs: 1_000,
  /** Operations that one worker process carries out at once, on different services. */
  operationsAtOnce: 8,
  /** One line to the log's relay; those who use it give up after a second. */
  relayMs: 2_000,
  /** Before it is looked again whether the relay is back. */
  relayRetryMs: 5_000,
  /** Connecting to Redis at the start; afterwards it is tried for ever. */
  redisConnectMs: 5_000,
  /** Registration, login and join on IRC; a server whose services hang never answers by itself. */
  ircReadyMs: 30_000,
  /** All of the closing after SIGTERM, the write in flight included. */
  closeWithinMs: 15_000,
  /** One part of `sluice doctor`. */
  examineMs: 20_000,
} as const;
