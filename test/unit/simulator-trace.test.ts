/** What two runs of a seed are compared by: everything that was noted, whoever did it and in which words. */
import { expect, it } from "vitest";
import { noteKind, Trace } from "../../chaos/simulator/world/trace.js";

const KIND = noteKind("key", (a) => `revision ${a}`);

const hashOf = (...notes: Parameters<Trace["note"]>[]): string => {
  const trace = new Trace();
  for (const note of notes) trace.note(...note);
  return trace.hash;
};

it("is the same for the same notes, and another where any part of one is another", () => {
  const notes: Parameters<Trace["note"]>[] = [
    [5, KIND, "node-1", 1, 2, "a leader"],
    [5, KIND, "node-2", 1, 2, "a leader"],
    [5, KIND, "node-1", 2, 2, "a leader"],
    [5, KIND, "node-1", 1, 3, "a leader"],
    [5, KIND, "node-1", 1, 2, "nobody"],
    [5, KIND, "node-1", 1, 2],
    [6, KIND, "node-1", 1, 2, "a leader"],
    [5, noteKind("raise"), "node-1", 1, 2, "a leader"],
  ];
  expect(new Set(notes.map((note) => hashOf(note))).size).toBe(notes.length);
  expect(hashOf(...notes)).toBe(hashOf(...notes));
  expect(hashOf(notes[0]!, notes[1]!)).not.toBe(hashOf(notes[1]!, notes[0]!));
});

it("keeps hashes of so many words and no more, and gives the same all the same", () => {
  const many = Array.from({ length: 12_000 }, (_, n): Parameters<Trace["note"]> => {
    return [n, KIND, "node-1", 0, 0, `words ${n % 11_000}`];
  });
  expect(hashOf(...many)).toBe(hashOf(...many));
});
