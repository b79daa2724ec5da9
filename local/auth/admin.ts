// The account administration of Supabase Auth, for a service_role token alone.

import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { banEnd } from "./ban.ts";
import { AuthError } from "./errors.ts";
import { checkNewPassword } from "./passwords.ts";
import { type AuthService, checkEmail, isUuid, readBody, readClaims } from "./requests.ts";
import {
  AUDIENCE,
  createUser,
  deleteUser,
  findUser,
  listUsers,
  softDeleteUser,
  updateUser,
} from "./users.ts";

const ADMIN_ROLES: readonly unknown[] = ["service_role", "supabase_admin"];

const DEFAULT_PER_PAGE = 50;
const MAX_PER_PAGE = 1000;

const Metadata = z.record(z.string(), z.unknown());

const UserForm = z.object({
  id: z.guid().nullish(),
  email: z.string().nullish(),
  phone: z.string().nullish(),
  password: z.string().nullish(),
  role: z.string().nullish(),
  email_confirm: z.boolean().nullish(),
  user_metadata: Metadata.nullish(),
  app_metadata: Metadata.nullish(),
  ban_duration: z.string().nullish(),
});

const Deletion = z.object({ should_soft_delete: z.boolean().nullish() });

export function adminRoutes(service: AuthService): Hono {
  const { sql, tokens } = service;
  const app = new Hono();

  app.use(async (c, next) => {
    const { role } = await readClaims(c, tokens);
    if (!ADMIN_ROLES.includes(role)) throw new AuthError(403, "not_admin", "User not allowed");
    await next();
  });

  app.get("/users", async (c) => {
    const page = pageNumber(c, "page", 1, Number.MAX_SAFE_INTEGER);
    const perPage = pageNumber(c, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE);
    const { users, total } = await listUsers(sql, page, perPage);
    const lastPage = Math.max(1, Math.ceil(total / perPage));
    // supabase-js reads the number after the first "=", so `page` comes first.
    const link = (to: number, rel: string) =>
      `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`;
    c.header("X-Total-Count", String(total));
    c.header(
      "Link",
      [...(page < lastPage ? [link(page + 1, "next")] : []), link(lastPage, "last")].join(", "),
    );
    return c.json({ users, aud: AUDIENCE });
  });

  app.post("/users", async (c) => {
    const form = await readForm(c);
    if (!form.email) {
      throw new AuthError(
        400,
        "validation_failed",
        "Cannot create a user without either an email or phone",
      );
    }
    if (form.password) checkNewPassword(form.password);
    const confirmed = form.email_confirm ?? false;
    const id = await createUser(sql, {
      id: form.id ?? undefined,
      email: checkEmail(form.email),
      // Without a password the account gets one that nobody knows.
      password: form.password || randomBytes(32).toString("base64url"),
      role: form.role || "authenticated",
      confirmed,
      bannedUntil: form.ban_duration ? banEnd(form.ban_duration, Date.now()) : null,
      appMetadata: { provider: "email", providers: ["email"], ...form.app_metadata },
      userMetadata: { ...form.user_metadata, ...(confirmed ? { email_verified: true } : {}) },
    });
    return c.json(await findUser(sql, id));
  });

  app.get("/users/:id", async (c) => {
    const user = await findUser(sql, userId(c));
    if (user === undefined) throw userNotFound();
    return c.json(user);
  });

  app.put("/users/:id", async (c) => {
    const id = userId(c);
    const form = await readForm(c);
    if (typeof form.password === "string") checkNewPassword(form.password);
    const updated = await updateUser(sql, id, {
      email: form.email ? checkEmail(form.email) : undefined,
      password: form.password ?? undefined,
      role: form.role || undefined,
      confirm: form.email_confirm ?? false,
      bannedUntil: form.ban_duration ? banEnd(form.ban_duration, Date.now()) : undefined,
      appMetadata: form.app_metadata ?? undefined,
      userMetadata: form.email_confirm
        ? { ...form.user_metadata, email_verified: true }
        : form.user_metadata ?? undefined,
    }, null);
    if (!updated) throw userNotFound();
    return c.json(await findUser(sql, id));
  });

  app.delete("/users/:id", async (c) => {
    const id = userId(c);
    const soft = await hasBody(c) && (await readBody(c, Deletion)).should_soft_delete;
    const deleted = soft ? await softDeleteUser(sql, id) : await deleteUser(sql, id);
    if (!deleted) throw userNotFound();
    return c.json({});
  });

  return app;
}

async function readForm(c: Context) {
  const form = await readBody(c, UserForm);
  if (form.phone) {
    throw new AuthError(400, "phone_provider_disabled", "Phone logins are disabled");
  }
  return form;
}

async function hasBody(c: Context): Promise<boolean> {
  return (await c.req.text()) !== "";
}

function userId(c: Context): string {
  const id = c.req.param("id") ?? "";
  if (!isUuid(id)) throw new AuthError(404, "validation_failed", "user_id must be an UUID");
  return id;
}

function userNotFound(): AuthError {
  return new AuthError(404, "user_not_found", "User not found");
}

function pageNumber(c: Context, name: string, fallback: number, max: number): number {
  const text = c.req.query(name);
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new AuthError(400, "validation_failed", `Bad Pagination Parameters: ${name}="${text}"`);
  }
  return Math.min(value, max);
}
