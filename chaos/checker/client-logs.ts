/**
 * What clients were told, from their own logs: one JSON object per line, written as it was told.
 *
 * Each line also has `at`, of which the checker needs nothing.
 *
 *   {"kind":"submitted","account","clientOrderId","crosses"}                      an order was sent
 *   {"kind":"accepted","account","clientOrderId","orderId","sequence","token"}     it was accepted (or found so later)
 *   {"kind":"refused","account","clientOrderId","code"}          not published: it must never become an order
 *   {"kind":"rejected","account","clientOrderId","code"}         it must never be live or filled
 *   {"kind":"answered","account","orderId","request","code","sequence","token"}  of a cancel (request 1) or a reduction (2)
 *   {"kind":"event","account","sequence","token","content":[…]}  an event of the account: its name, then its fields in the
 *                                   order of `told.ts`, of which logs of before have fewer
 *   {"kind":"end"}                                the client waited until nothing more came (it may go on afterwards)
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { LineFile } from "./lines.js";

export interface ToldOrder {
  readonly account: number;
  readonly clientOrderId: string;
  readonly orderId: number;
}

export interface ToldId {
  readonly account: number;
  readonly clientOrderId: string;
  readonly code: string;
}

export interface ToldFill {
  readonly account: number;
  readonly sequence: number;
  readonly orderId: number;
  readonly tradeId: number;
  readonly symbol: string;
  readonly price: number;
  readonly quantity: number;
}

/** An order of which a client was told that it is to end. */
export interface ToldCancel {
  readonly account: number;
  readonly orderId: number;
}

/** By account and number, what was told, as JSON: an event's name, and its fields as far as they were told. */
type Contents = Map<number, Map<number, string>>;

export interface ClientLogs {
  readonly files: number;
  submitted: number;
  events: number;
  readonly accepted: ToldOrder[];
  readonly refused: ToldId[];
  readonly rejected: ToldId[];
  readonly fills: ToldFill[];
  readonly cancels: ToldCancel[];
  /** By account, what each client was told of it by events and by answers, as `Contents` has it. */
  readonly told: Map<number, Map<number, string>[]>;
  /** Accounts whose log ends in order, with the last number that they were told. */
  readonly lastSequences: Map<number, number>;
  /** Numbers that were left out between two that a client was told. */
  gaps: number;
  /** Numbers that were told twice with different contents. */
  conflicts: number;
  /** Lines that nobody can read, and that no kill explains: what they said is not judged. */
  unreadable: number;
  readonly examples: string[];
}

export type LogLine = Record<string, unknown> & { readonly kind: string };

/** A log's file name; compressed it ends with `.gz` after that. */
const LOG_NAME = /^(.*)\.jsonl(\.gz)?$/;
const EXAMPLES_MAX = 10;

const CANCEL = 1;
/** What a cancel is answered of which the order ends, or has ended. */
const TO_END = ["OK", "ORDER_ALREADY_FINAL"];

/** The logs of a folder, by their clients' names. Throws when there is none. */
export function clientLogFiles(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).filter((name) => LOG_NAME.test(name));
  if (names.length === 0) throw new Error(`NO_CLIENT_LOGS: there is no *.jsonl in ${folder}`);
  return new Map(names.sort().map((name) => [LOG_NAME.exec(name)![1]!, join(folder, name)]));
}

/**
 * The lines of a log in their order. The last one is left out where a kill has cut it off, which is before its end: a client
 * begins its log anew, so no other can be. `unreadable` takes the numbers of the others that are no lines of a log.
 */
export async function* logLines(
  path: string,
  unreadable: (number: number) => void = () => {},
): AsyncIterable<LogLine> {
  const file = new LineFile(path);
  let number = 0;
  let odd: number | null = null;
  for await (const text of file) {
    if (odd !== null) unreadable(odd);
    const line = parse(text);
    number += 1;
    odd = line === null ? number : null;
    if (line !== null) yield line;
  }
  if (odd !== null && !file.isCutOff) unreadable(odd);
}

/** Reads every log of a folder. */
export async function readClientLogs(folder: string): Promise<ClientLogs> {
  const files = clientLogFiles(folder);
  const logs: ClientLogs = {
    files: files.size,
    submitted: 0,
    events: 0,
    accepted: [],
    refused: [],
    rejected: [],
    fills: [],
    cancels: [],
    told: new Map(),
    lastSequences: new Map(),
    gaps: 0,
    conflicts: 0,
    unreadable: 0,
    examples: [],
  };
  for (const path of files.values()) await readOne(path, logs);
  return logs;
}

async function readOne(path: string, logs: ClientLogs): Promise<void> {
  const contents: Contents = new Map();
  const answers: Contents = new Map();
  const begun = new Map<number, number>();
  let ended = false;
  // As evidence it is compressed, and is to be told the same.
  const name = basename(path, ".gz");
  const unreadable = (number: number): void => {
    logs.unreadable += 1;
    example(logs.examples, `line ${number} of ${name} is no line of a client's log`);
  };
  for await (const line of logLines(path, unreadable)) {
    ended = line.kind === "end";
    if (line.kind === "subscribed") begin(line, begun);
    else if (!ended) take(line, logs, contents, answers);
  }
  for (const kept of [contents, answers]) {
    for (const [account, told] of kept) keep(logs, account, told);
  }
  for (const account of new Set([...begun.keys(), ...contents.keys()])) {
    const told = [...(contents.get(account)?.keys() ?? [])].sort((a, b) => a - b);
    // As if it had been told what was before.
    const before = begun.get(account);
    if (before !== undefined) told.unshift(before - 1);
    logs.gaps += gapsOf(account, told, logs.examples);
    if (ended) logs.lastSequences.set(account, told.at(-1)!);
  }
}

function parse(text: string): LogLine | null {
  try {
    const line: unknown = JSON.parse(text);
    return isLine(line) ? line : null;
  } catch {
    return null;
  }
}

function isLine(value: unknown): value is LogLine {
  return (
    typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string"
  );
}

function begin(line: LogLine, begun: Map<number, number>): void {
  const { account, fromSequence } = line as unknown as {
    readonly account: number;
    readonly fromSequence: number;
  };
  begun.set(account, fromSequence);
}

function take(line: LogLine, logs: ClientLogs, contents: Contents, answers: Contents): void {
  switch (line.kind) {
    case "submitted":
      logs.submitted += 1;
      break;
    case "accepted":
      takeAccepted(line, logs, answers);
      break;
    case "refused":
      logs.refused.push(line as unknown as ToldId);
      break;
    case "rejected":
      logs.rejected.push(line as unknown as ToldId);
      break;
    case "answered":
      takeAnswer(line, logs, answers);
      break;
    case "event":
      takeEvent(line, logs, contents);
      break;
    default:
      throw new Error(`UNKNOWN_LOG_LINE: a client log has a line of kind ${line.kind}`);
  }
}

/** An answer says under which number its event stands; one that was asked for afterwards says none. */
function takeAccepted(line: LogLine, logs: ClientLogs, answers: Contents): void {
  const told = line as unknown as ToldOrder & { readonly sequence?: number };
  const { account, clientOrderId, orderId, sequence } = told;
  logs.accepted.push(told);
  putAnswer(logs, answers, account, sequence, ["accepted", orderId, clientOrderId]);
}

function takeAnswer(line: LogLine, logs: ClientLogs, answers: Contents): void {
  const { account, orderId, request, code, sequence } = line as unknown as ToldCancel & {
    readonly request: number;
    readonly code: string;
    readonly sequence: number;
  };
  if (code === "OK") putAnswer(logs, answers, account, sequence, ["requested", orderId, request]);
  if (request === CANCEL && TO_END.includes(code)) logs.cancels.push({ account, orderId });
}

function putAnswer(
  logs: ClientLogs,
  answers: Contents,
  account: number,
  sequence: number | undefined,
  content: readonly (string | number)[],
): void {
  if (!sequence) return;
  const text = JSON.stringify(content);
  const before = put(answers, account, sequence, text);
  // What it was told besides is compared, too.
  if (before !== undefined && before !== text) keep(logs, account, new Map([[sequence, text]]));
}

/** Gives what was told before under that number, which stays. */
function put(
  contents: Contents,
  account: number,
  sequence: number,
  text: string,
): string | undefined {
  let told = contents.get(account);
  if (!told) contents.set(account, (told = new Map()));
  const before = told.get(sequence);
  if (before === undefined) told.set(sequence, text);
  return before;
}

function keep(logs: ClientLogs, account: number, told: Map<number, string>): void {
  const all = logs.told.get(account);
  if (all) all.push(told);
  else logs.told.set(account, [told]);
}

function takeEvent(line: LogLine, logs: ClientLogs, contents: Contents): void {
  const { account, sequence, content } = line as unknown as {
    readonly account: number;
    readonly sequence: number;
    readonly content: readonly (string | number)[];
  };
  logs.events += 1;
  const text = JSON.stringify(content);
  const before = put(contents, account, sequence, text);
  if (before !== undefined) {
    if (before === text) return;
    logs.conflicts += 1;
    keep(logs, account, new Map([[sequence, text]]));
    example(logs.examples, `account ${account} was told ${before} and ${text} as ${sequence}`);
    return;
  }
  if (content[0] !== "filled") return;
  const [, orderId, tradeId, symbol, price, quantity] = content as [
    string,
    number,
    number,
    string,
    number,
    number,
  ];
  logs.fills.push({ account, sequence, orderId, tradeId, symbol, price, quantity });
}

/** `sequences` in their order. */
function gapsOf(account: number, sequences: readonly number[], examples: string[]): number {
  let gaps = 0;
  for (let at = 1; at < sequences.length; at++) {
    const missing = sequences[at]! - sequences[at - 1]! - 1;
    if (missing <= 0) continue;
    gaps += missing;
    example(examples, `account ${account} was not told ${sequences[at - 1]! + 1}`);
  }
  return gaps;
}

/** Keeps the first few of what was found, in words. */
export function example(examples: string[], text: string): void {
  if (examples.length < EXAMPLES_MAX) examples.push(text);
}
