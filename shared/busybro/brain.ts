import type { Provider } from "./provider.ts";

/** BusyBro as configured: made once a function, shared by all turns. */
export interface Brain {
  provider: Provider;
}
