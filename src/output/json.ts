/** Renders the result of `--format json`: one document, with a newline at its end. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
