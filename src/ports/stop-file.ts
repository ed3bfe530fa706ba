/** The brake that needs no chat, no Redis and no etcd: a file named STOP in the state directory. */
export interface StopFile {
  /** Its path while it is there. */
  present(): Promise<string | undefined>;
}
