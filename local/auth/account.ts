// What a person does with their own account: sign up, sign in, refresh, read, change, sign out.

import { Hono } from "hono";
import { z } from "zod";
import { AuthError } from "./errors.ts";
import { checkNewPassword } from "./passwords.ts";
import { type AuthService, checkEmail, originOf, readBody, requireUser } from "./requests.ts";
import {
  endSessions,
  findSession,
  type Grant,
  type LogoutScope,
  openSession,
  refreshSession,
} from "./sessions.ts";
import { ACCESS_TOKEN_SECONDS } from "./tokens.ts";
import { authenticate, createUser, findUser, hasPassword, updateUser } from "./users.ts";

const Metadata = z.record(z.string(), z.unknown());

const SignUp = z.object({
  email: z.string().nullish(),
  phone: z.string().nullish(),
  password: z.string().nullish(),
  data: Metadata.nullish(),
});

const PasswordGrant = z.object({
  email: z.string().nullish(),
  password: z.string().nullish(),
});

const RefreshTokenGrant = z.object({ refresh_token: z.string().nullish() });

const UserUpdate = z.object({
  email: z.string().nullish(),
  phone: z.string().nullish(),
  password: z.string().nullish(),
  data: Metadata.nullish(),
  app_metadata: Metadata.nullish(),
});

const LOGOUT_SCOPES: readonly LogoutScope[] = ["global", "local", "others"];

/** Refuses what needs a phone: nothing here sends a message. */
function refusePhone(phone: string | null | undefined) {
  if (phone) throw new AuthError(400, "phone_provider_disabled", "Phone logins are disabled");
}

/** The answer to everything that signs a person in. */
async function sessionAnswer({ sql, tokens }: AuthService, grant: Grant | undefined) {
  const user = grant && await findUser(sql, grant.userId);
  const session = grant && await findSession(sql, grant.sessionId, grant.userId);
  if (!user || !session) {
    // Signed out or deleted in the same moment.
    throw new AuthError(400, "session_not_found", "The session has ended, sign in again");
  }
  const { token, expiresAt } = await tokens.sign(user, session);
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: ACCESS_TOKEN_SECONDS,
    expires_at: expiresAt,
    refresh_token: grant.refreshToken,
    user,
  };
}

export function accountRoutes(service: AuthService): Hono {
  const { sql } = service;
  const app = new Hono();

  // No e-mail is sent, so a new address counts as confirmed and the answer holds a session.
  app.post("/signup", async (c) => {
    const body = await readBody(c, SignUp);
    refusePhone(body.phone);
    if (!body.email && !body.password) {
      throw new AuthError(
        422,
        "anonymous_provider_disabled",
        "Anonymous sign-ins are disabled",
      );
    }
    if (!body.password) {
      throw new AuthError(400, "validation_failed", "Signup requires a valid password");
    }
    checkNewPassword(body.password);
    const id = crypto.randomUUID();
    const email = checkEmail(body.email ?? "");
    try {
      await createUser(sql, {
        id,
        email,
        password: body.password,
        role: "authenticated",
        confirmed: true,
        bannedUntil: null,
        appMetadata: { provider: "email", providers: ["email"] },
        userMetadata: {
          ...body.data,
          sub: id,
          email,
          email_verified: true,
          phone_verified: false,
        },
      });
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== "email_exists") throw error;
      throw new AuthError(422, "user_already_exists", "User already registered");
    }
    return c.json(await sessionAnswer(service, await openSession(sql, id, originOf(c), null)));
  });

  app.post("/token", async (c) => {
    switch (c.req.query("grant_type")) {
      case "password": {
        const { email, password } = await readBody(c, PasswordGrant);
        if (!email) throw new AuthError(400, "validation_failed", "missing email or phone");
        const candidate = await authenticate(sql, email, password ?? "");
        if (candidate === undefined) throw invalidCredentials();
        if (candidate.banned) throw new AuthError(400, "user_banned", "User is banned");
        if (!candidate.confirmed) {
          throw new AuthError(400, "email_not_confirmed", "Email not confirmed");
        }
        const { id, passwordHash } = candidate;
        const grant = await openSession(sql, id, originOf(c), passwordHash);
        if (grant === undefined) throw invalidCredentials();
        return c.json(await sessionAnswer(service, grant));
      }
      case "refresh_token": {
        const { refresh_token } = await readBody(c, RefreshTokenGrant);
        if (!refresh_token) {
          throw new AuthError(400, "validation_failed", "refresh_token required");
        }
        const grant = await refreshSession(sql, refresh_token, originOf(c));
        return c.json(await sessionAnswer(service, grant));
      }
      default:
        throw new AuthError(400, "invalid_credentials", "unsupported_grant_type");
    }
  });

  app.get("/user", async (c) => c.json((await requireUser(c, service)).user));

  // A new e-mail holds at once: hosted would first send a message to confirm it.
  app.put("/user", async (c) => {
    const { user, sessionId } = await requireUser(c, service);
    const body = await readBody(c, UserUpdate);
    refusePhone(body.phone);
    if (body.app_metadata) {
      throw new AuthError(
        403,
        "not_admin",
        "Updating app_metadata requires admin privileges",
      );
    }
    const password = body.password ?? undefined;
    if (password !== undefined) {
      checkNewPassword(password);
      if (await hasPassword(sql, user.id, password)) {
        throw new AuthError(
          422,
          "same_password",
          "New password should be different from the old password.",
        );
      }
    }
    await updateUser(sql, user.id, {
      email: body.email ? checkEmail(body.email) : undefined,
      password,
      userMetadata: body.data ?? undefined,
    }, sessionId);
    return c.json((await requireUser(c, service)).user);
  });

  app.post("/logout", async (c) => {
    const requested = c.req.query("scope") || "global";
    const scope = LOGOUT_SCOPES.find((known) => known === requested);
    if (scope === undefined) {
      throw new AuthError(400, "validation_failed", `Unsupported logout scope "${requested}"`);
    }
    const { user, sessionId } = await requireUser(c, service);
    await endSessions(sql, user.id, sessionId, scope);
    return c.body(null, 204);
  });

  return app;
}

/** One answer for an unknown e-mail and for a wrong password. */
function invalidCredentials(): AuthError {
  return new AuthError(400, "invalid_credentials", "Invalid login credentials");
}
