const tails = new Map<string, Promise<unknown>>();

/** One at a time: among all tabs of an origin where the platform has locks, else in this program. */
export async function exclusive<Result>(
  name: string,
  run: () => Promise<Result>,
): Promise<Result> {
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  if (locks) return await locks.request(name, run);
  const turn = (tails.get(name) ?? Promise.resolve()).then(run, run);
  tails.set(name, turn);
  try {
    return await turn;
  } finally {
    if (tails.get(name) === turn) tails.delete(name);
  }
}
