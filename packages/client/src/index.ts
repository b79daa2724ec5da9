// The public surface for browsers and Node; what only Node has is in node.ts.

export { type BusymateClient, type ClientOptions, createBusymateClient } from "./client.ts";
export type { TokenSource } from "./authorized-fetch.ts";
export { type Channel, type ChannelState, privateChannel } from "./channel.ts";
export type { Database, Tables } from "./database.ts";
export type { EntriesQuery, Entry } from "./entries.ts";
export { BusymateError } from "./error.ts";
export { followEntries, type FollowOptions } from "./feed.ts";
export type { FunctionCall } from "./function.ts";

export type { Feed, FeedEntry, FeedState } from "../../../shared/feed/client.ts";
export type {
  ChannelName,
  EventName,
  EventPayload,
} from "../../../shared/realtime/events/catalogue.ts";
export type { ThinEntry } from "../../../shared/realtime/channels.ts";

export type { Condition, Filter } from "../../../shared/filter/ast.ts";
export { and, header, not, or, where } from "../../../shared/filter/build.ts";
export { FilterError } from "../../../shared/filter/error.ts";
export { parseFilter } from "../../../shared/filter/parse.ts";
export { printFilter } from "../../../shared/filter/print.ts";

export { finishSignIn, startSignIn } from "./oauth/browser.ts";
export { OAuthError, SignedOutError } from "./oauth/errors.ts";
export { type OAuthOptions, OAuthSession } from "./oauth/session.ts";
export { memoryStorage, type TokenStorage } from "./oauth/storage.ts";
