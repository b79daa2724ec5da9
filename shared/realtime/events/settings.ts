import { z } from "zod";
import { defineChannel } from "./event.ts";

/** Settings that are not one device's or person's. */
export const settings = defineChannel({
  address: "settings:all",
  summary: "Changes of settings that all devices share",
  joinedBy: "Holders of settings:view, and devices.",
  events: {
    UPDATE: {
      summary:
        "Global settings, what service groups contain, or upstream proxies have changed: read them again",
      sentBy:
        "changes of settings_global, service_domains, upstream_proxies and the contents of service groups",
      payload: z.object({ scope: z.enum(["global", "services", "proxies"]) }),
    },
  },
});

/** New builds of the iOS app. */
export const iosBuild = defineChannel({
  address: "ios:build",
  summary: "New builds of the iOS app",
  joinedBy: "Everyone signed in, and devices.",
  events: {
    INSERT: {
      summary: "A build was published",
      sentBy: "inserts into app_builds for ios",
      payload: z.object({ version: z.string(), build: z.int() }),
    },
  },
});
