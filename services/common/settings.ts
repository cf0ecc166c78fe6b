/** Every setting of Palisade's processes: its variable, its unit, and what it is for. */
import { isIP } from "node:net";
import { z } from "zod";
import { ACCOUNT_LIMIT_MAX, ACCOUNT_TIER_MAX } from "../../actors/kernel/limits.js";

const PORT_MAX = 65_535;

/** A whole number written in digits. */
function whole(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d+$/, { error: "not a whole number" })
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
}

function url(...schemes: string[]) {
  return z
    .string()
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text),
      { error: `not a URL that starts with ${schemes.map((each) => `${each}://`).join(" or ")}` },
    );
}

/** One URL, or several with commas between them: the servers of one cluster, or instances of one exchange. */
function urls(...schemes: string[]) {
  const one = url(...schemes);
  return z.string().refine((text) => text.split(",").every((each) => one.safeParse(each).success), {
    error: `not URLs that start with ${schemes.map((each) => `${each}://`).join(" or ")}, with commas between them`,
  });
}

/** Three limits for each tier: like 1000:200:50,0:0:0. */
const limitsOfTiers = z.string().refine(
  (text) => {
    const tiers = text.split(",");
    const isLimit = (count: string) =>
      /^\d{1,7}$/.test(count) && Number(count) <= ACCOUNT_LIMIT_MAX;
    const areThree = (tier: string) =>
      tier.split(":").length === 3 && tier.split(":").every(isLimit);
    return tiers.length <= ACCOUNT_TIER_MAX + 1 && tiers.every(areThree);
  },
  {
    error: `not three whole numbers up to ${ACCOUNT_LIMIT_MAX} for each of at most ${ACCOUNT_TIER_MAX + 1} tiers, like 1000:200:50,0:0:0`,
  },
);

const port = whole(0, PORT_MAX);
/** With what a life of it adds, it has to fit into the 63 bytes that PostgreSQL keeps of a connection's name. */
const name = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, {
  error: "not 1 to 40 letters, digits, _ or -",
});
const image = z.string().regex(/^\S+$/, { error: "not the name of an image" });
const yesOrNo = z.enum(["0", "1"]).transform((text) => text === "1");

const host = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, {
  error: "not the name or the address of a machine",
});
const address = z.string().refine((text) => isIP(text) !== 0, {
  error: "not an IP address; 0.0.0.0 is all addresses of the machine",
});

/** The defaults are written as they would be in a variable, so that both pass the same check. */
export const SETTINGS = {
  natsUrl: {
    variable: "PALISADE_NATS_URL",
    unit: "URL",
    about: "The NATS server with JetStream; of a cluster several, with commas between them.",
    fallback: "nats://127.0.0.1:4222",
    schema: urls("nats"),
  },
  etcdUrl: {
    variable: "PALISADE_ETCD_URL",
    unit: "URL",
    about: "The etcd server that keeps the leases.",
    fallback: "http://127.0.0.1:2379",
    schema: url("http"),
  },
  postgresUrl: {
    variable: "PALISADE_POSTGRES_URL",
    unit: "URL",
    about:
      "The PostgreSQL database of the exchange; of several instances each one's, the home's first, with commas between them.",
    fallback: "postgres://127.0.0.1:5432/palisade",
    schema: urls("postgres", "postgresql"),
  },
  node: {
    variable: "PALISADE_NODE",
    unit: "name",
    about: "What this process is called in leases, logs and announcements.",
    fallback: "node-1",
    schema: name,
  },
  slot: {
    variable: "PALISADE_SLOT",
    unit: "number",
    about: "The numbered slot that a gateway claims as a source of commands.",
    fallback: "1",
    schema: whole(1, 9_999),
  },
  httpPort: {
    variable: "PALISADE_HTTP_PORT",
    unit: "port",
    about: "Loopback port of metrics and health; 0 takes any free one.",
    fallback: "0",
    schema: port,
  },
  peerListen: {
    variable: "PALISADE_PEER_LISTEN",
    unit: "address",
    about:
      "The address that a node listens on for other nodes, which watch it; any but loopback is for machines that only they can reach.",
    fallback: "127.0.0.1",
    schema: address,
  },
  peerPort: {
    variable: "PALISADE_PEER_PORT",
    unit: "port",
    about: "The port that a node listens on for other nodes; 0 takes any free one.",
    fallback: "0",
    schema: port,
  },
  peerHost: {
    variable: "PALISADE_PEER_HOST",
    unit: "host",
    about: "By which name or address nodes on other machines find this one's.",
    fallback: "127.0.0.1",
    schema: host,
  },
  grpcPort: {
    variable: "PALISADE_GRPC_PORT",
    unit: "port",
    about: "Loopback port of the gateway's gRPC services; 0 takes any free one.",
    fallback: "0",
    schema: port,
  },
  wsPort: {
    variable: "PALISADE_WS_PORT",
    unit: "port",
    about: "Loopback port of the market data WebSocket; 0 takes any free one.",
    fallback: "0",
    schema: port,
  },
  tierLimits: {
    variable: "PALISADE_TIER_LIMITS",
    unit: "counts",
    about:
      "Of tier 0, 1, …: orders a day, open orders and requests a second that a gateway gives accounts of it; 0: unlimited.",
    fallback: "0:0:0",
    schema: limitsOfTiers,
  },
  weight: {
    variable: "PALISADE_WEIGHT",
    unit: "share",
    about: "How many actors a node takes compared with others; one of 2 takes twice as many.",
    fallback: "1",
    schema: whole(1, 1_000),
  },
  inboxMib: {
    variable: "PALISADE_INBOX_MIB",
    unit: "MiB",
    about: "What an inbox that a node makes may hold; NATS sets all of it aside on its disk.",
    fallback: "64",
    schema: whole(1, 1_024),
  },
  logLevel: {
    variable: "PALISADE_LOG_LEVEL",
    unit: "level",
    about: "The least important log lines that are written.",
    fallback: "info",
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]),
  },
  leaseTtlSeconds: {
    variable: "PALISADE_LEASE_TTL_SECONDS",
    unit: "s",
    // Nobody waits for it where a socket closes or a node falls silent; one that is short is lost by a busy machine alone.
    about: "How long a node's lease outlives its last sign of life.",
    fallback: "3",
    schema: whole(1, 60),
  },
  watchParent: {
    variable: "PALISADE_WATCH_PARENT",
    unit: "0 or 1",
    about: "Whether the end of standard input means that the supervisor is gone.",
    fallback: "0",
    schema: yesOrNo,
  },
  dataDir: {
    variable: "PALISADE_DATA_DIR",
    unit: "folder",
    about: "Where an exchange that is started here keeps its data, within the project's folder.",
    fallback: ".palisade",
    schema: z.string().min(1),
  },
  nodes: {
    variable: "PALISADE_NODES",
    unit: "processes",
    about: "How many nodes are started.",
    fallback: "3",
    schema: whole(1, 9),
  },
  ledgerShards: {
    variable: "PALISADE_LEDGER_SHARDS",
    unit: "actors",
    about: "Ledger shards of an exchange, fixed when it is created.",
    fallback: "4",
    schema: whole(1, 512),
  },
  flowOrdersPerSecond: {
    variable: "PALISADE_FLOW_ORDERS_PER_SECOND",
    unit: "orders/s",
    about: "How many orders the built-in participants send; 0 lets none trade.",
    fallback: "200",
    schema: whole(0, 10_000),
  },
  flowSeed: {
    variable: "PALISADE_FLOW_SEED",
    unit: "number",
    about: "The seed of the participants' prices, sizes and choices.",
    fallback: "1",
    schema: whole(0, 2 ** 32 - 1),
  },
  servers: {
    variable: "PALISADE_SERVERS",
    unit: "way",
    about: "auto: programs of this machine, else installed by apt, else Docker; docker: only that.",
    fallback: "auto",
    schema: z.enum(["auto", "docker"]),
  },
  natsImage: {
    variable: "PALISADE_NATS_IMAGE",
    unit: "image",
    about: "The container that NATS runs in where it cannot be installed.",
    fallback: "nats:2.11",
    schema: image,
  },
  etcdImage: {
    variable: "PALISADE_ETCD_IMAGE",
    unit: "image",
    about: "The container that etcd runs in where it cannot be installed.",
    fallback: "quay.io/coreos/etcd:v3.5.21",
    schema: image,
  },
  postgresImage: {
    variable: "PALISADE_POSTGRES_IMAGE",
    unit: "image",
    about: "The container that PostgreSQL runs in where it cannot be installed.",
    fallback: "postgres:17",
    schema: image,
  },
} as const;

export type SettingName = keyof typeof SETTINGS;

export type Config = {
  readonly [K in SettingName]: z.output<(typeof SETTINGS)[K]["schema"]>;
};
