/** A port with some of its functions replaced; the others are its own. */
export function over<Port extends object>(port: Port, replaced: Partial<Port>): Port {
  const bound = new Map<string | symbol, unknown>();
  return new Proxy(port, {
    get(target, name) {
      if (bound.has(name)) return bound.get(name);
      const owner = name in replaced ? replaced : target;
      const value = Reflect.get(owner, name) as unknown;
      if (typeof value !== "function") return value;
      const own = value.bind(owner) as unknown;
      bound.set(name, own);
      return own;
    },
  });
}
