/**
 * Finds the circles in which services depend on each other, by depth-first search: a dependency on a service that is
 * still being visited closes a circle.
 * @param dependencies the names that each service depends on; names that are not a key are ignored
 * @returns each circle as a list of names, the first one repeated at the end
 */
export function circlesOf(dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (name: string): void => {
    const others = dependencies.get(name);
    if (others === undefined || done.has(name)) return;
    if (open.includes(name)) {
      circles.push([...open.slice(open.indexOf(name)), name]);
      return;
    }
    open.push(name);
    for (const other of others) visit(other);
    open.pop();
    done.add(name);
  };
  for (const name of dependencies.keys()) visit(name);
  return circles;
}

/** The message for a circle. */
export function circleText(circle: readonly string[]): string {
  return `goes round in a circle: ${circle.join(' → ')}`;
}
