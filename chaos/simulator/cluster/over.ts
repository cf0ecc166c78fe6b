/** A port with some of its functions replaced; the others are its own. */
export function over<Port extends object>(port: Port, replaced: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const owner = name in replaced ? replaced : target;
      const value = Reflect.get(owner, name) as unknown;
      return typeof value === "function" ? (value.bind(owner) as unknown) : value;
    },
  });
}
