/** Through whose eyes a question is answered. */
export interface Specialist {
  key: string;
  label: string;
  emoji: string;
  /** What it looks at, as the model is told. */
  lens: string;
  /** Written by people of a workspace rather than by us. */
  fromAgent: boolean;
}

interface Component extends Omit<Specialist, "fromAgent"> {
  /** Words of a question that call for it. */
  words: RegExp;
}

/** The nine component specialists; on equal terms the earlier one answers. */
const COMPONENTS: readonly Component[] = [
  {
    key: "security",
    label: "Security",
    emoji: "🛡️",
    lens: "authentication, secrets in traffic, TLS, cookies, headers that protect, who may do what",
    words:
      /\b(secur\w*|vulnerab\w*|leak\w*|auth\w*|login|token|cookie|tls|ssl|cert\w*|permission|capabilit\w*|role|roles|right|rights)\b/gi,
  },
  {
    key: "performance",
    label: "Performance",
    emoji: "⚡",
    lens: "latency, sizes, throughput, caching, what is slow and why",
    words:
      /\b(slow\w*|fast\w*|latenc\w*|perform\w*|duration|throughput|big|large\w*|busiest|load)\b/gi,
  },
  {
    key: "ios",
    label: "iOS",
    emoji: "📱",
    lens: "the iOS app, its VPN and PAC modes, device state, lock-screen messages",
    words: /\b(ios|iphone|ipad|vpn|pac|phone|app build|testflight|device|devices)\b/gi,
  },
  {
    key: "proxy",
    label: "Proxy",
    emoji: "🛰️",
    lens:
      "the intercepting proxy, breakpoints, upstream proxies, SSL proxying and rewriting scripts",
    words: /\b(prox\w*|breakpoint\w*|held|paused?|intercept\w*|mitm|script\w*|upstream|resend)\b/gi,
  },
  {
    key: "cdp",
    label: "Chrome",
    emoji: "🧭",
    lens: "the Chrome DevTools connector and what browsers send",
    words: /\b(chrome|cdp|devtools|browser\w*)\b/gi,
  },
  {
    key: "dashboard",
    label: "Dashboard",
    emoji: "🖥️",
    lens: "the web app: console, filters, workspaces, tags, account and settings pages",
    words: /\b(dashboard|console|page|workspace\w*|tag|tags|setting\w*|account)\b/gi,
  },
  {
    key: "supabase",
    label: "API",
    emoji: "🗄️",
    lens: "REST, Realtime, MCP, database rows, errors of APIs, statistics and retention",
    words:
      /\b(api|rest|realtime|mcp|database|sql|error\w*|fail\w*|endpoint|request\w*|traffic)\b/gi,
  },
  {
    key: "status",
    label: "Status",
    emoji: "🚦",
    lens: "health of the installation: host figures, components, outages, versions",
    words: /\b(status|up|down|outage|health\w*|uptime|cpu|memory|version|component\w*)\b/gi,
  },
  {
    key: "busybro",
    label: "BusyBro",
    emoji: "🤖",
    lens: "the whole product",
    words: /\b(busybro|you|help)\b/gi,
  },
];

const GENERALIST = COMPONENTS.at(-1)!;

/** The component specialist whose words a question uses most. */
export function componentFor(question: string): Specialist {
  let best = GENERALIST;
  let most = 0;
  for (const component of COMPONENTS) {
    const count = question.match(component.words)?.length ?? 0;
    if (count > most) [best, most] = [component, count];
  }
  const { key, label, emoji, lens } = best;
  return { key, label, emoji, lens, fromAgent: false };
}

/** How an answer is signed. */
export function signatureOf({ emoji, label }: Specialist): string {
  return `— BusyBro · ${emoji} ${label}`;
}
