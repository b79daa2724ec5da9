import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

describe("readConfig", () => {
  it("reads what is asked for, keys from their rings", () => {
    const environment = {
      SUPABASE_URL: "http://127.0.0.1:54321",
      SUPABASE_SECRET_KEYS: '{"default":"sb_secret_abc","other":"sb_secret_def"}',
      UNRELATED: "x",
    };
    expect(readConfig(environment, ["SUPABASE_URL", "SUPABASE_SECRET_KEYS"])).toEqual({
      SUPABASE_URL: "http://127.0.0.1:54321",
      SUPABASE_SECRET_KEYS: "sb_secret_abc",
    });
  });

  it("names every variable that is missing or wrong at once, and never a value", () => {
    const environment = { SUPABASE_URL: "", BUSYMATE_SIGNING_KEY: '{"d":"hunter2"}' };
    const read = () =>
      readConfig(environment, ["SUPABASE_URL", "BUSYMATE_ISSUER", "BUSYMATE_SIGNING_KEY"]);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(
      /SUPABASE_URL is missing.*\nBUSYMATE_ISSUER is missing.*\nBUSYMATE_SIGNING_KEY is not valid/,
    );
    expect(read).not.toThrow(/hunter2/);
  });

  it("does without what only a deployment sets", () => {
    expect(readConfig({}, ["BUSYMATE_DEPLOYED_AT", "BUSYMATE_COMMIT"])).toEqual({});
  });
});
