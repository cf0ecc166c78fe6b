/** What commands say with `--json`. */

export interface NodeSaid {
  readonly node: string;
  readonly alive: boolean;
  readonly weight: number;
  readonly cordoned: boolean;
  readonly drained: boolean;
  readonly leads: readonly string[];
}

export interface ClusterSaid {
  readonly nodes: readonly NodeSaid[];
  readonly actors: readonly {
    readonly actor: string;
    readonly node: string | null;
    readonly token: number;
    readonly standby: { readonly node: string; readonly behind: number } | null;
    readonly stopped: readonly { readonly node: string; readonly reason: string }[];
  }[];
  readonly moves: Readonly<Record<string, string>>;
  readonly withoutStandby: readonly string[];
  readonly silent: readonly string[];
  readonly lastMoves: readonly {
    readonly actor: string;
    readonly token: number;
    readonly node: string;
    readonly reason: string;
  }[];
}

export interface BookSaid {
  readonly batch: number;
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
  readonly hash: number;
  readonly committedHash: number;
}
