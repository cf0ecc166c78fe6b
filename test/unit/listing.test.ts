import { describe, expect, it } from "vitest";
import { Listing } from "../../services/adapters/instances/listing.js";

interface Row {
  readonly id: number;
  readonly token: number;
}

const never = new Promise<Row[]>(() => undefined);

function listing(): Listing<Row> {
  return new Listing<Row>(2, ({ id }) => id);
}

describe("a list of which each instance has a part", () => {
  it("has what each said last, and what it said before of others", async () => {
    const list = listing();
    await list.read(async (instance) => [{ id: instance, token: 1 }]);
    expect(await list.read(async (instance) => [{ id: instance + 2, token: 2 }])).toEqual([
      [
        { id: 0, token: 1 },
        { id: 2, token: 2 },
      ],
      [
        { id: 1, token: 1 },
        { id: 3, token: 2 },
      ],
    ]);
  });

  it("does not wait for one that does not answer, and hears when it is back", async () => {
    const list = listing();
    await list.read(async (instance) => [{ id: instance, token: 1 }]);
    let answer: (rows: Row[]) => void = () => undefined;
    const late = new Promise<Row[]>((resolve) => {
      answer = resolve;
    });
    const silent = async (instance: number) =>
      instance === 0 ? [{ id: 0, token: 2 }] : await late;
    const [home, second] = await list.read(silent);
    expect([home, second]).toEqual([[{ id: 0, token: 2 }], [{ id: 1, token: 1 }]]);
    expect([list.isLost(0), list.isLost(1)]).toEqual([false, true]);

    // It is not asked again meanwhile, so nobody waits.
    const asked: number[] = [];
    await list.read(async (instance) => {
      asked.push(instance);
      return instance === 0 ? [] : never;
    });
    expect(asked).toEqual([0]);

    answer([{ id: 1, token: 3 }]);
    await late;
    await list.read(async () => []);
    expect(list.isLost(1)).toBe(false);
    expect((await list.read(async () => []))[1]).toEqual([{ id: 1, token: 3 }]);
  });

  it("is there with what one refuses, and not when all do", async () => {
    const list = listing();
    const refuse = async (): Promise<Row[]> => {
      throw new Error("refused");
    };
    expect(
      await list.read((instance) => (instance === 0 ? refuse() : Promise.resolve([]))),
    ).toEqual([[], []]);
    expect(list.isLost(0)).toBe(true);
    await expect(list.read(refuse)).rejects.toThrow("refused");
  });
});
