/**
 * The same number; a small one as V8 keeps small ones, in the field itself. What was read from a Float64Array, or has stood in a field
 * together with such, is an object of its own, however small, and whatever is stored once in a field of an object makes it such in all
 * objects of that shape. Where there are many that live long, the garbage collector has to move them all: of an order there were
 * thirty in place of three.
 */
export function unboxed(value: number): number {
  const small = value | 0;
  return small === value ? small : value;
}
