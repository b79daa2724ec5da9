/** Of a request: a tool's arguments may carry a body, and little else is ever long. */
export const BODY_LIMIT = 4 * 1_048_576;
