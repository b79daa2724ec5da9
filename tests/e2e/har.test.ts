// HAR files in and out, by the command that people use: in this process, and once as they start it.

import { randomUUID } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Complaint } from "../../scripts/complaint.ts";
import { harCommand } from "../../scripts/har/command.ts";
import { stack } from "../support/stack.ts";
import { type Outcome, programs } from "./program.ts";

let cli: Awaited<ReturnType<typeof programs>>;
beforeAll(async () => {
  cli = await programs(stack());
});
afterAll(async () => await cli.remove());

const fixture = (name: string) => join("tests/fixtures", name);

async function har(...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { code: 0, out: "", err: "" };
  await harCommand(args, {
    environment: { BUSYMATE_DATA: cli.dataDir },
    out: (text) => outcome.out += text,
    err: (text) => outcome.err += text,
    progress: () => {},
  }).catch((error: unknown) => {
    if (!(error instanceof Complaint)) throw error;
    outcome.code = 1;
    outcome.err += `${error.message}\n`;
  });
  return outcome;
}

interface HarEntry {
  request: { method: string };
  response: { headers: { name: string }[]; content: { text?: string } };
}

async function entriesOf(file: string): Promise<unknown[]> {
  const text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  return (JSON.parse(text) as { log: { entries: unknown[] } }).log.entries;
}

describe("npm run har", () => {
  it("exports what it imported, entry by entry and in the same order", async () => {
    for (const name of ["browser.har", "version-1.1-bom.har"]) {
      const device = `har ${randomUUID()}`;
      const out = join(cli.dataDir, `${device}.har`);
      const imported = await har("import", fixture(name), "--device", device);
      const originals = await entriesOf(fixture(name));
      expect(imported).toMatchObject({
        code: 0,
        out: `${originals.length} new, 0 already there, 0 faults\n`,
      });
      expect(await har("export", "--out", out, "--device", device)).toMatchObject({ code: 0 });
      expect(await entriesOf(out)).toEqual(originals);
    }
  }, 90_000);

  it(
    "exports what a filter selects, by columns, headers and bodies, the newest first",
    async () => {
      const device = `har ${randomUUID()}`;
      const out = join(cli.dataDir, "selected.har");
      await har("import", fixture("browser.har"), "--device", device);
      const originals = await entriesOf(fixture("browser.har")) as HarEntry[];
      const selected = async (filter: string) => {
        const args = ["export", "--out", out, "--device", device, "--filter", filter];
        expect(await har(...args)).toMatchObject({ code: 0 });
        return await entriesOf(out);
      };
      const those = (passes: (entry: HarEntry) => boolean) => originals.filter(passes).toReversed();
      const posted = those(({ request }) => request.method === "POST");
      const zipped = those(({ response }) =>
        response.headers.some(({ name }) => name === "content-encoding")
      );
      const greeting = those(({ response }) => response.content.text?.includes("Grüße") === true);
      expect([posted.length, zipped.length, greeting.length]).toEqual([2, 1, 1]);
      expect(await selected("method:POST")).toEqual(posted);
      expect(await selected('{"field":"method","op":"eq","value":"POST"}')).toEqual(posted);
      expect(await selected("header[Content-Encoding]~gzip")).toEqual(zipped);
      expect(await selected("body~Grüße")).toEqual(greeting);
      expect(await selected("body~Grüße method:POST")).toEqual([]);
    },
    90_000,
  );

  it("adds nothing when a file, or its own export, is imported again", async () => {
    const device = `har ${randomUUID()}`;
    const out = join(cli.dataDir, `${device}.har`);
    await har("import", fixture("browser.har"), "--device", device);
    await har("export", "--out", out, "--device", device);
    for (const file of [fixture("browser.har"), out]) {
      expect(await har("import", file, "--device", device))
        .toMatchObject({ code: 0, out: "0 new, 13 already there, 0 faults\n" });
    }
    const kept = join(cli.dataDir, "devices", `${encodeURIComponent(device)}.json`);
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
  }, 90_000);

  it("keeps the good entries of a bad file and names the others", async () => {
    const { code, out, err } = await har(
      "import",
      fixture("partly-bad.har"),
      "--device",
      `har ${randomUUID()}`,
    );
    expect({ code, out }).toEqual({ code: 0, out: "3 new, 0 already there, 4 faults\n" });
    expect(err).toContain("entry 1: request.method is missing.");
    expect(err).toContain("entry 5: response.status:");
  }, 60_000);

  it("sends what ingest cannot take to its owner with the index in the file", async () => {
    const file = join(cli.dataDir, "old.har");
    const [, , good] = await entriesOf(fixture("browser.har"));
    const tooOld = { ...good as object, startedDateTime: "1950-01-01T00:00:00Z" };
    await writeFile(file, JSON.stringify({ log: { entries: [{}, tooOld, good] } }));
    const { code, out, err } = await har("import", file, "--device", `har ${randomUUID()}`);
    expect({ code, out }).toEqual({ code: 0, out: "1 new, 0 already there, 2 faults\n" });
    expect(err).toContain("entry 1: ts: ");
  }, 60_000);

  it("imports hundreds of entries with twins in batches", async () => {
    const file = join(cli.dataDir, "many.har");
    const [, , , , , , , twin] = await entriesOf(fixture("browser.har"));
    await writeFile(file, JSON.stringify({ log: { entries: Array(1_100).fill(twin) } }));
    const device = `har ${randomUUID()}`;
    expect(await har("import", file, "--device", device))
      .toMatchObject({ code: 0, out: "1100 new, 0 already there, 0 faults\n" });
    const out = join(cli.dataDir, "many-out.har");
    await har("export", "--out", out, "--device", device);
    expect(await entriesOf(out)).toEqual(Array(1_100).fill(twin));
  }, 90_000);

  it(
    "is a program: what it did on one stream, what is wrong on the other, and a status",
    async () => {
      const device = `har ${randomUUID()}`;
      expect(await cli.run("har", "import", fixture("partly-bad.har"), "--device", device))
        .toMatchObject({
          code: 0,
          out: "3 new, 0 already there, 4 faults\n",
          err: expect.stringMatching(/^entry 1: /),
        });
      const { code, out, err } = await cli.run(
        "har",
        "import",
        fixture("jsonp.har"),
        "--device",
        device,
      );
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(/JSONP.*\n$/);
    },
    60_000,
  );

  it("fails when nothing of a file could be imported", async () => {
    const file = join(cli.dataDir, "all-bad.har");
    await writeFile(file, JSON.stringify({ log: { entries: [{}, {}] } }));
    const { code, out, err } = await har("import", file, "--device", `har ${randomUUID()}`);
    expect({ code, out }).toEqual({ code: 1, out: "0 new, 0 already there, 2 faults\n" });
    expect(err).toMatch(/Nothing was imported\.\n$/);
  }, 60_000);

  it.each([
    [["import", fixture("not-json.har"), "--device", "d"], /line 4, column 5/],
    [["import", fixture("jsonp.har"), "--device", "d"], /JSONP/],
    [["import", fixture("no-entries.har"), "--device", "d"], /log\.entries is missing/],
    [["import", "no-such-file.har", "--device", "d"], /Cannot read no-such-file\.har/],
    [["import", fixture("browser.har")], /Usage/],
    [["export"], /Usage/],
    [["export", "--out", "x.har", "--device", "no such device"], /no device "no such device"/],
    [["export", "--out", "x.har", "--filter", "status>=four"], /--filter: .*Write it as/],
    [["export", "--out", "x.har", "--filter", '{"field":'], /--filter: .*Write it as/],
    [["export", "--out", "x.har", "--email", "nobody@example.com"], /no demo account/],
  ])("says what is wrong and fails: %j", async (args, reason) => {
    const { code, out, err } = await har(...args);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(reason);
  }, 60_000);
});
