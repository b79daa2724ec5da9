/** What a client asks for when it joins: the `config` of phx_join, with the service's defaults. */
export interface JoinConfig {
  private: boolean;
  /** Reply to each broadcast of this client. */
  ack: boolean;
  /** Deliver this client's broadcasts to itself as well. */
  self: boolean;
  presence: boolean;
  /** Under which this client's presence is listed; without one the channel makes it up. */
  presenceKey: string | undefined;
  /** Tell when the log is being read, so that nothing sent after that is missed. */
  replicationReady: boolean;
  /** Messages of the past to be told first. */
  replay: unknown;
  /** Changes of tables to be told, as they were asked for. */
  changes: unknown[];
}

/** A payload of the wrong shape still joins, with defaults. */
export function parseJoin(payload: unknown): { config: JoinConfig; accessToken?: string } {
  const { config, access_token, user_token } = object(payload);
  const { broadcast, presence, postgres_changes, private: isPrivate } = object(config);
  const { ack, self, replay, replication_ready } = object(broadcast);
  const { enabled, key } = object(presence);
  const accessToken = [user_token, access_token].find((token) => typeof token === "string");
  return {
    config: {
      private: flag(isPrivate),
      ack: flag(ack),
      self: flag(self),
      presence: flag(enabled),
      presenceKey: typeof key === "string" && key !== "" ? key : undefined,
      replicationReady: flag(replication_ready),
      replay: replay ?? undefined,
      changes: Array.isArray(postgres_changes) ? postgres_changes.filter(isObject) : [],
    },
    ...(accessToken === undefined ? {} : { accessToken }),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const object = (value: unknown): Record<string, unknown> => isObject(value) ? value : {};

const flag = (value: unknown): boolean =>
  typeof value === "string" ? value.toLowerCase() === "true" : value === true;
