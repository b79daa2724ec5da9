import type { Heard } from "../../shared/devices/online.ts";
import { rest, rows } from "./api.ts";

export interface Device extends Heard {
  uuid: string;
  name: string;
  os: string | null;
  model: string | null;
  app_version: string | null;
  connection_type: string | null;
  workspace: string;
  /** Holds a credential that works; visible only to those who may edit the device. */
  paired: boolean;
}

/** The devices one may see, by name. */
export async function listDevices(): Promise<Device[]> {
  const found = rows(
    await (await rest()).from("devices")
      .select(
        "uuid,name,os,model,app_version,connection_type,last_seen_at," +
          "device_status(online,last_heartbeat_at)," +
          "workspaces(name),device_jwts(expires_at,revoked_at)",
      )
      .order("name").overrideTypes<Found[], { merge: false }>(),
  );
  return found.map(({ workspaces, device_jwts, ...device }) => ({
    ...device,
    workspace: workspaces?.name ?? "",
    paired: device_jwts.some(({ expires_at, revoked_at }) =>
      revoked_at === null && Date.parse(expires_at) > Date.now()
    ),
  }));
}

type Found = Omit<Device, "workspace" | "paired"> & {
  workspaces: { name: string } | null;
  device_jwts: { expires_at: string; revoked_at: string | null }[];
};
