/** A pair of actors that do the same, of which one follows: it says nothing, as a standby does. */
import type { Actor } from "../../actors/kernel/actor.js";

/** It follows from now on. */
export function following<Followed extends Actor>(actor: Followed): Followed {
  actor.setSilent(true);
  return actor;
}

/** Who has followed leads from now on, and the other follows. */
export function changePlaces<Followed extends Actor>(
  leader: Followed,
  follower: Followed,
): readonly [leader: Followed, follower: Followed] {
  follower.setSilent(false);
  return [follower, following(leader)];
}
