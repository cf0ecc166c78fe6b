/**
 * The same number; a small one as V8 keeps small ones, in the field itself. A number that was read from a Float64Array is an object of
 * its own, however small. V8 decides by the shape of an object how each of its fields is kept: one such number that was stored there
 * once makes that field an object of its own in all objects of that shape that are made from then on. Where many of them live long, the
 * garbage collector has to move all of that: of an order it was some thirty objects in place of four.
 */
export function unboxed(value: number): number {
  const small = value | 0;
  return small === value ? small : value;
}
