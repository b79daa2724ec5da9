import { z } from "zod";
import type { ZodError } from "zod";
import { AppError } from "../http/errors.ts";
import { faultOf } from "../http/validate.ts";
import { AUTH_METHODS } from "./metadata.ts";
import { REDIRECT_URI_LIMIT, redirectHost, redirectUriFault } from "./redirect-uri.ts";

const GRANTED_TO_PEOPLE = ["authorization_code", "refresh_token"];
/** Characters that turn text around or hide: a name must look like what it is. */
const DECEIVING = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;

const name = z.string().trim().min(1).max(200).refine((text) => !DECEIVING.test(text), {
  error: "holds control characters",
});
const text = z.string().min(1).max(REDIRECT_URI_LIMIT).optional();
const redirectUri = z.string().max(REDIRECT_URI_LIMIT).superRefine((uri, context) => {
  const fault = redirectUriFault(uri);
  if (fault) context.addIssue({ code: "custom", message: fault });
});

/** What is read of a client (RFC 7591 section 2). Other members are ignored, as the RFC asks. */
const common = {
  redirect_uris: z.array(redirectUri).min(1).max(10),
  // What we do not support is left out of what is registered; without the code nothing is left.
  grant_types: z.array(z.string().max(100)).max(20).default(GRANTED_TO_PEOPLE)
    .refine((types) => types.includes("authorization_code"), {
      error: "must include authorization_code",
    })
    .transform((types) => GRANTED_TO_PEOPLE.filter((type) => types.includes(type))),
  response_types: z.array(z.string().max(100)).max(20).default(["code"])
    .refine((types) => types.includes("code"), { error: "must include code" })
    .transform(() => ["code"]),
  application_type: z.enum(["web", "native"]).optional(),
  client_uri: text,
  logo_uri: text,
  tos_uri: text,
  policy_uri: text,
  contacts: z.array(z.string().max(320)).max(10).optional(),
  software_id: text,
  software_version: text,
};

const registration = z.object({
  client_name: name.optional(),
  // The RFC's default: whoever says nothing gets a secret.
  token_endpoint_auth_method: z.enum(AUTH_METHODS).default("client_secret_basic"),
  ...common,
}).transform((metadata) => ({
  ...metadata,
  client_name: metadata.client_name ?? redirectHost(metadata.redirect_uris[0]!),
}));

const document = z.object({
  client_id: z.string(),
  client_name: name,
  // A document is public: there is nothing in it that only the client knows.
  token_endpoint_auth_method: z.literal("none").default("none"),
  client_secret: z.undefined({ error: "must not be published" }).optional(),
  ...common,
});

export type ClientMetadata = z.infer<typeof registration>;
export type DocumentMetadata = z.infer<typeof document>;

/** The body of a registration, as it will be registered and echoed. */
export function readRegistration(body: unknown): ClientMetadata {
  const result = registration.safeParse(body);
  if (result.success) return result.data;
  throw new AppError(codeOf(result.error), faultOf(result.error));
}

/** A Client ID Metadata Document fetched from a URL, which must be the client id it states. */
export function readDocument(url: string, body: unknown): DocumentMetadata {
  const result = document.safeParse(body);
  if (!result.success) {
    throw new AppError(
      "invalid_client_metadata",
      `client_id: its document: ${faultOf(result.error)}`,
    );
  }
  if (result.data.client_id !== url) {
    throw new AppError(
      "invalid_client_metadata",
      "client_id: its document names another client_id.",
    );
  }
  return result.data;
}

function codeOf(error: ZodError): "invalid_redirect_uri" | "invalid_client_metadata" {
  return error.issues[0]?.path[0] === "redirect_uris"
    ? "invalid_redirect_uri"
    : "invalid_client_metadata";
}
