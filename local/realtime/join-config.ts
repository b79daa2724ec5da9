/** What a client asks for when it joins: the `config` of phx_join, with the service's defaults. */
export interface JoinConfig {
  private: boolean;
  /** Reply to each broadcast of this client. */
  ack: boolean;
  /** Deliver this client's broadcasts to itself as well. */
  self: boolean;
  presence: boolean;
  /** Tell when the log is being read, so that nothing sent after that is missed. */
  replicationReady: boolean;
  /** What is asked for and not served here, by name. */
  unserved: string[];
}

/** A payload of the wrong shape still joins, with defaults. */
export function parseJoin(payload: unknown): { config: JoinConfig; accessToken?: string } {
  const { config, access_token, user_token } = object(payload);
  const { broadcast, presence, postgres_changes, private: isPrivate } = object(config);
  const { ack, self, replay, replication_ready } = object(broadcast);
  const accessToken = [user_token, access_token].find((token) => typeof token === "string");
  const unserved: string[] = [];
  if (Array.isArray(postgres_changes) && postgres_changes.length > 0) {
    unserved.push("postgres_changes");
  }
  if (replay !== undefined && replay !== null) unserved.push("replay");
  return {
    config: {
      private: flag(isPrivate),
      ack: flag(ack),
      self: flag(self),
      presence: flag(object(presence).enabled),
      replicationReady: flag(replication_ready),
      unserved,
    },
    ...(accessToken === undefined ? {} : { accessToken }),
  };
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};

const flag = (value: unknown): boolean =>
  typeof value === "string" ? value.toLowerCase() === "true" : value === true;
