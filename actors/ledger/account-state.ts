/**
 * What an account may ask for, as operators set it. Cancels and reduces are taken in any state. Whatever is open stays and may trade; withdrawals
 * that were asked for before are decided on as ever: to end orders is another command (cancel-all).
 */
import { Code } from "../kernel/codes.js";
import { Side } from "../kernel/order.js";

export const AccountState = {
  Active: 1,
  /** It may part with what it has, and buy nothing. */
  CloseOnly: 2,
  /** It may cancel and reduce, and nothing else; deposits are taken. */
  Frozen: 3,
  /** It has nothing and is given nothing. */
  Closed: 4,
} as const;
export type AccountState = (typeof AccountState)[keyof typeof AccountState];

/** Of two states the one in which less may be asked for: they are numbered so. */
export function stricter<State extends number>(one: State, other: State): State {
  return one > other ? one : other;
}

/** May the account place, or add to, an order of this side? */
export function judgeTrading(state: AccountState, side: number): Code {
  if (state === AccountState.Active) return Code.OK;
  if (state === AccountState.Closed) return Code.ACCOUNT_CLOSED;
  if (state === AccountState.Frozen) return Code.ACCOUNT_FROZEN;
  return side === Side.Sell ? Code.OK : Code.ACCOUNT_CLOSE_ONLY;
}

/** May what it has leave the account? */
export function judgeWithdrawing(state: AccountState): Code {
  if (state === AccountState.Closed) return Code.ACCOUNT_CLOSED;
  return state === AccountState.Frozen ? Code.ACCOUNT_FROZEN : Code.OK;
}
