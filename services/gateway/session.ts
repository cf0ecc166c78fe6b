/**
 * Which accounts a call may see and act for. Everything that a call does for an account asks here first. A trader acts for the accounts
 * that his session names, an operator for all (`*`); a read-only session sees them and does nothing.
 */
import type { Metadata } from "@grpc/grpc-js";
import { ACCOUNT_ID_MAX } from "../../actors/kernel/limits.js";
import { ACCOUNTS_PER_SESSION_MAX } from "./limits.js";
import { denied, invalid } from "./refusal.js";

const ACCOUNTS_KEY = "palisade-accounts";
const ROLE_KEY = "palisade-role";
const ALL = "*";
const TRADER = "trader";
const READ_ONLY = "read-only";

export class Session {
  /** Null: all accounts. */
  private readonly accounts: ReadonlySet<number> | null;

  private readonly isReadOnly: boolean;

  private constructor(accounts: ReadonlySet<number> | null, isReadOnly: boolean) {
    this.accounts = accounts;
    this.isReadOnly = isReadOnly;
  }

  /** The session of a call, from its metadata. Throws a `Refusal` when there is none or it is malformed. */
  static of(metadata: Metadata): Session {
    const role = metadata.get(ROLE_KEY)[0]?.toString();
    return Session.over(metadata.get(ACCOUNTS_KEY)[0]?.toString(), role);
  }

  /** A session over accounts as the metadata names them: numbers with commas, or `*`. Throws a `Refusal`. */
  static over(text: string | undefined, role: string = TRADER): Session {
    if (role !== TRADER && role !== READ_ONLY) {
      throw denied(
        "SESSION_MALFORMED",
        `${ROLE_KEY} is ${TRADER} (also if it is left out) or ${READ_ONLY}`,
      );
    }
    const isReadOnly = role === READ_ONLY;
    if (text === undefined || text === "") {
      throw denied("SESSION_MISSING", `the metadata ${ACCOUNTS_KEY} names no account`);
    }
    if (text === ALL) return new Session(null, isReadOnly);
    const parts = text.split(",");
    if (parts.length > ACCOUNTS_PER_SESSION_MAX) {
      throw denied(
        "SESSION_MALFORMED",
        `a session has at most ${ACCOUNTS_PER_SESSION_MAX} accounts`,
      );
    }
    const accounts = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
    if (!accounts.every(isAccount)) {
      throw denied(
        "SESSION_MALFORMED",
        `${ACCOUNTS_KEY} is account numbers with commas, or ${ALL}`,
      );
    }
    return new Session(new Set(accounts), isReadOnly);
  }

  /**
   * Who it is, for what is counted of each client: the same lowest account and role are the same client, whatever it connects with. Were it all
   * accounts, who has a few of them would be as many clients as there are sets of them.
   */
  get client(): string {
    const account = this.accounts ? Math.min(...this.accounts) : ALL;
    return `${this.isReadOnly ? READ_ONLY : TRADER} ${account}`;
  }

  /** Is it for every account? */
  get isForAll(): boolean {
    return this.accounts === null;
  }

  /** The account for which a request asks for something to be done. Throws a `Refusal`. */
  acting(asked: number): number {
    this.requireActing();
    return this.account(asked);
  }

  /** Throws a `Refusal` when the session may only see. */
  requireActing(): void {
    if (!this.isReadOnly) return;
    throw denied(
      "READ_ONLY",
      `a session of the role ${READ_ONLY} sees its accounts and does nothing; to act for them, leave ${ROLE_KEY} out or make it ${TRADER}`,
    );
  }

  /** The account whose state a request asks to see: 0 is the session's only one. Throws a `Refusal`. */
  account(asked: number): number {
    if (asked === 0) {
      const [only, ...others] = this.accounts ?? [];
      if (only !== undefined && others.length === 0) return only;
      throw invalid("ACCOUNT_MISSING", "the session has several accounts: name one");
    }
    if (!isAccount(asked)) {
      throw invalid("ACCOUNT_INVALID", `account numbers are 1 to ${ACCOUNT_ID_MAX}`);
    }
    if (this.accounts && !this.accounts.has(asked)) {
      throw denied("ACCOUNT_NOT_IN_SESSION", `the session may not act for account ${asked}`);
    }
    return asked;
  }

  /** Throws a `Refusal` unless this is an operator's session. */
  requireAll(what: string): void {
    this.requireActing();
    this.requireToSeeAll(what);
  }

  /** Throws a `Refusal` unless the session is for all accounts, if only to see them. */
  requireToSeeAll(what: string): void {
    if (this.isForAll) return;
    throw denied("OPERATORS_ONLY", `${what} needs a session for all accounts (${ALL})`);
  }
}

function isAccount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= ACCOUNT_ID_MAX;
}
