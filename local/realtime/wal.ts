import { randomBytes } from "node:crypto";
import pg from "pg";
import { acknowledgement, InsertDecoder, readStream, type Row } from "./pgoutput.ts";

const PUBLICATION = "supabase_realtime_messages_publication";
const SLOT_PREFIX = "supabase_realtime_messages_replication_slot_";
const ACKNOWLEDGE_MS = 1000;
const BACKOFF_MS = { first: 50, most: 1000 };

/** What pg has and its types leave out: the connection below a client can send in copy mode. */
interface ReplicationClient extends pg.Client {
  readonly connection: pg.Connection & { sendCopyFromChunk(chunk: Buffer): void };
}

/**
 * Reads the rows inserted into realtime.messages from the write-ahead log, in commit order and only
 * once committed. The slot is temporary: what is committed while no reader is connected is lost, as
 * hosted, and a process that dies leaves nothing behind that would hold the log back.
 */
export class WalReader {
  readonly #databaseUrl: string;
  readonly #onInsert: (row: Row) => void;
  readonly #report: (line: string) => void;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #backoff = BACKOFF_MS.first;
  #stopped = false;
  #streaming = false;

  constructor(
    databaseUrl: string,
    onInsert: (row: Row) => void,
    report: (line: string) => void,
  ) {
    this.#databaseUrl = databaseUrl;
    this.#onInsert = onInsert;
    this.#report = report;
  }

  /** Whether messages committed from now on arrive. */
  get streaming(): boolean {
    return this.#streaming;
  }

  /** Resolves when the log is being read. Whatever happens later, it connects again by itself. */
  async start(): Promise<void> {
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#disconnect();
  }

  /** Stops reading for a while: what is committed meanwhile is lost. */
  async pause(ms: number): Promise<void> {
    await this.#disconnect();
    this.#connectIn(ms);
  }

  async #connect(): Promise<void> {
    const config = { connectionString: this.#databaseUrl, replication: "database" };
    const client = new pg.Client(config) as ReplicationClient;
    this.#client = client;
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, new Error("the connection ended")));
    try {
      await client.connect();
      // These two are not SQL but replication commands, whose keywords must be upper case.
      const slot = SLOT_PREFIX + randomBytes(8).toString("hex");
      await client.query(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY LOGICAL pgoutput`);
      await this.#stream(client, slot);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  #stream(client: ReplicationClient, slot: string): Promise<void> {
    const decoder = new InsertDecoder();
    let end = 0n;
    const acknowledge = () =>
      client.connection.sendCopyFromChunk(Buffer.from(acknowledgement(end)));
    client.connection.on("copyData", ({ chunk }: { chunk: Uint8Array }) => {
      const message = readStream(chunk);
      if (message?.kind === "data") {
        const row = decoder.decode(message.change);
        if (row) this.#onInsert(row);
      } else if (message) {
        end = message.end;
        if (message.answer) acknowledge();
      }
    });
    return new Promise((started, failed) => {
      client.connection.once("replicationStart", () => {
        this.#streaming = true;
        this.#backoff = BACKOFF_MS.first;
        const timer = setInterval(acknowledge, ACKNOWLEDGE_MS);
        client.once("end", () => clearInterval(timer));
        started();
      });
      // This statement ends only with the connection.
      client.query(
        `START_REPLICATION SLOT ${slot} LOGICAL 0/0
         (proto_version '1', publication_names '${PUBLICATION}')`,
      ).catch(failed);
    });
  }

  /** Once for each connection that was streaming, whichever of its ends is noticed first. */
  #lost(client: pg.Client, error: Error): void {
    if (this.#client !== client || !this.#streaming) return;
    this.#streaming = false;
    this.#retry(error);
  }

  #retry(error: Error): void {
    this.#report(`realtime: reading the log: ${error.message}; again in ${this.#backoff} ms`);
    this.#connectIn(this.#backoff);
    this.#backoff = Math.min(this.#backoff * 2, BACKOFF_MS.most);
  }

  #connectIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#connect().catch((error) => this.#retry(error));
    }, ms);
  }

  async #disconnect(): Promise<void> {
    clearTimeout(this.#timer);
    this.#streaming = false;
    await this.#client?.end();
  }
}
