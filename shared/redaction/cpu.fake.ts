/** What some work takes of the processor, in ms: a clock on the wall would count the neighbours' work too. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
