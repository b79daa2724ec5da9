import type { BotError, GrammyError } from "grammy/web";

/**
 * grammY takes a quarter of the time that a function may take to start, so it is loaded when Telegram or
 * the outbox first calls. Hence its errors are told by name: the classes would bring all of it along.
 */
export const loadGrammy = () => import("grammy/web");

/** Telegram refused a call. */
export const isGrammyError = (error: unknown): error is GrammyError => named(error, "GrammyError");

/** Something failed while an update was worked on; `error` is what. */
export const isBotError = (error: unknown): error is BotError => named(error, "BotError");

const named = (error: unknown, name: string) => error instanceof Error && error.name === name;
