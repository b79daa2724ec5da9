import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../operations/registry.ts";
import { intentOf, INTENTS, normalised, offlineProvider } from "./offline.ts";
import { Known } from "./offline/intent.ts";

/** What people ask, in several phrasings each, and how it is understood. */
const QUESTIONS: Record<string, string[]> = {
  "devices": ["Which devices do I have?", "List all devices", "Show me my phones"],
  "how many devices": ["How many devices are there?", "Number of devices?", "Count my devices"],
  "devices online": [
    "Which devices are online?",
    "Show connected devices",
    "Who is online? which phones are active",
  ],
  "devices offline": ["Which devices are offline?", "Is any phone offline?", "List silent devices"],
  "devices by system": ["Devices by OS", "How many iOS devices do we have?", "OS breakdown"],
  "devices by connection": [
    "Devices by connection",
    "Which devices use the VPN?",
    "How many phones go through PAC?",
  ],
  "one device": [
    "Tell me about the device Pixel",
    "Describe phone Pixel",
    "Details of device Pixel",
  ],
  "last seen": [
    "When was Pixel last seen?",
    "Last heartbeat of Pixel?",
    "How long has Pixel been offline? when did it connect",
  ],
  "device settings": [
    "Effective settings of Pixel",
    "How is Pixel configured?",
    "Which settings apply to Pixel?",
  ],
  "traffic of a device": [
    "Requests from the device Pixel",
    "What did the phone Pixel send?",
    "Traffic of device Pixel",
  ],
  "recent traffic": ["Show the latest requests", "What is happening?", "Any new traffic?"],
  "how many requests": [
    "How many requests in the last hour?",
    "Number of requests today",
    "Count entries",
  ],
  "traffic of a host": [
    "Requests to api.example.com",
    "Anything with api.example.com?",
    "Show traffic for api.example.com",
  ],
  "requests by method": ["Are there POST requests", "DELETE calls?", "calls with method PUT"],
  "slow requests": [
    "What is slow?",
    "Slowest requests to api.example.com",
    "Which calls take so long?",
  ],
  "big answers": ["Biggest responses", "What uses so much data?", "Large downloads"],
  "insecure requests": [
    "Anything unencrypted?",
    "Is there traffic without TLS?",
    "plain http calls",
  ],
  "inspect a host": [
    "Inspect api.example.com",
    "How does api.example.com log in?",
    "Headers sent to api.example.com",
  ],
  "errors": ["Any errors?", "What failed today?", "Show failing requests to api.example.com"],
  "server errors": [
    "Any server errors?",
    "Were there 5xx answers",
    "Internal server errors in the last hour",
  ],
  "client errors": [
    "Client errors?",
    "4xx from api.example.com",
    "Which rejected requests are there",
  ],
  "status code": ["Requests answered with 404", "Any 503s?", "Which calls had status code 401"],
  "broken connections": ["Connection errors?", "Which requests timed out?", "TLS failures today"],
  "busiest hosts": ["Top hosts", "Which domains are called?", "Most used hosts"],
  "busiest devices": ["Busiest devices", "Which device sends the most?", "Top 5 devices"],
  "global settings": ["Global settings", "Show the settings", "What are our settings?"],
  "decrypted hosts": ["SSL proxying?", "Which hosts are decrypted?", "Intercepted domains"],
  "ignored hosts": ["Ignored hosts", "Which domains are skipped?", "What is not recorded?"],
  "dns servers": ["Which DNS servers?", "Name servers in use", "resolvers"],
  "default connection": ["Default connection type", "VPN or PAC?", "How do devices connect?"],
  "breakpoint patterns": ["Which breakpoints are set?", "Breakpoints?", "Show pause patterns"],
  "held now": ["What is held?", "Anything paused right now?", "Pending requests"],
  "breakpoint history": ["Recent breakpoints", "Breakpoint events", "Did any breakpoint fire?"],
  "statistics": ["Stats", "Give me an overview", "How is it going?"],
  "throughput": ["Throughput?", "Requests per minute", "How busy is it?"],
  "status mix": ["Status codes mix", "Error rate?", "status distribution"],
  "sources": ["Traffic by source", "Where does the traffic come from?", "Source mix"],
  "status": ["Is everything up?", "System status", "Any outage?"],
  "host figures": ["CPU load?", "How much memory is used?", "Uptime"],
  "versions": ["Which version is this?", "What build are we on?", "Version of the proxy"],
  "who am I": ["Who am I?", "What's my role?", "my account"],
  "my rights": ["What may I do?", "My permissions", "Can I edit settings?"],
  "rights of roles": [
    "What can a viewer do?",
    "Rights of the member role",
    "Who may edit devices?",
  ],
  "people": ["Which users are there?", "List people", "Who is an admin?"],
  "roles": ["Which roles are there?", "List roles", "show all roles"],
  "workspaces": ["My workspaces", "Which workspaces are there?", "What retention do we have?"],
  "who changed what": ["Who changed the settings?", "Audit log", "Recent changes"],
  "tags": ["Which tags are there?", "List tags", "my tags"],
  "services": ["Which services exist?", "List services", "Show all services"],
  "service groups": ["Service groups?", "Which groups exist?", "List service groups"],
  "scripts": ["Which scripts run?", "List scripts", "rewriting rules"],
  "upstream proxies": ["Upstream proxies", "List proxies", "Proxy pool"],
  "alerts": ["My alerts", "Which alert rules are on?", "Notifications?"],
  "saved filters": ["Saved filters", "List filters", "my filters"],
};

describe("BusyBro offline", () => {
  it("understands more than 25 kinds of question, each in three phrasings or more", () => {
    expect(Object.keys(QUESTIONS).length).toBeGreaterThanOrEqual(25);
    expect(Object.keys(QUESTIONS).sort()).toEqual(INTENTS.map(({ name }) => name).sort());
    for (const phrasings of Object.values(QUESTIONS)) {
      expect(phrasings.length).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(Object.entries(QUESTIONS).flatMap(([kind, all]) => all.map((q) => [q, kind] as const)))(
    "%s → %s",
    (question, kind) => expect(intentOf(normalised(question))?.name).toBe(kind),
  );

  it("looks with operations that exist, reads alone, and with arguments they take", () => {
    for (const [kind, [question]] of Object.entries(QUESTIONS)) {
      const intent = INTENTS.find(({ name }) => name === kind)!;
      const looks = intent.looks(new Known(normalised(question!), []));
      expect(looks.length, kind).toBeGreaterThan(0);
      for (const { tool, args } of looks) {
        const operation = OPERATIONS.get(tool);
        expect(operation?.effect, tool).toBe("read");
        expect(operation?.input().safeParse(args ?? {}).error, `${kind}: ${tool}`).toBeUndefined();
      }
    }
  });

  it.each(["Write me a poem", "Explain OAuth", "Translate this to French", "42"])(
    "says plainly that no model is configured when it cannot answer: %s",
    async (text) => {
      const request = {
        system: "",
        tools: [],
        webSearch: false,
        messages: [{ role: "user" as const, text }],
      };
      let said = "";
      let pieces = 0;
      for await (const event of offlineProvider().stream(request, new AbortController().signal)) {
        if (event.type === "text") {
          said += event.text;
          pieces++;
        }
        expect(event.type).not.toBe("call");
      }
      expect(said).toMatch(/^No model is configured/);
      expect(pieces).toBeGreaterThan(5);
    },
  );
});
