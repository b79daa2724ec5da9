import { z } from "zod";

/**
 * HAR as it is met in the wild, not as it was specified: 1.1 and 1.2, without pages, with fields of
 * every maker. Only what an entry cannot do without is required; everything unknown is kept.
 * (HAR 1.2: http://www.softwareishard.com/blog/har-12-spec/)
 */
export const harHeaderSchema = z.looseObject({ name: z.string(), value: z.unknown() });

const headersSchema = z.array(harHeaderSchema).nullish();

export const harRequestSchema = z.looseObject({
  method: z.string(),
  url: z.string(),
  headers: headersSchema,
  postData: z.looseObject({ text: z.string().nullish(), encoding: z.string().nullish() }).nullish(),
  bodySize: z.number().nullish(),
});

export const harResponseSchema = z.looseObject({
  status: z.number(),
  headers: headersSchema,
  content: z.looseObject({
    text: z.string().nullish(),
    encoding: z.string().nullish(),
    mimeType: z.string().nullish(),
    size: z.number().nullish(),
  }).nullish(),
  bodySize: z.number().nullish(),
});

export const harEntrySchema = z.looseObject({
  startedDateTime: z.string(),
  time: z.number().nullish(),
  request: harRequestSchema,
  response: harResponseSchema,
});

/** The outline alone: entries are checked one by one, so that one bad entry never loses the others. */
export const harFileSchema = z.looseObject({
  log: z.looseObject({ entries: z.array(z.unknown()) }),
});

export type HarEntry = z.infer<typeof harEntrySchema>;
export type HarHeader = z.infer<typeof harHeaderSchema>;
