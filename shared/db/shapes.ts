import { z } from "zod";

// guid, not uuid: Postgres takes any 128 bits, and devices make their own.
export const id = z.guid();
export const timestamp = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
