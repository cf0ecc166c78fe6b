/** A path or a name as a shell takes it: in quotes where it has anything that a shell reads otherwise. */
export function shellWord(text: string): string {
  if (/^[\w./:@%+=-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
