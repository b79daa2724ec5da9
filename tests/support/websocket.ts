import { WebSocket } from "ws";

// supabase-js refuses to make a client where there is no native WebSocket, as on Node 20.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
