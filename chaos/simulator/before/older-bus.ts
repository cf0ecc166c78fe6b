/** What a node of the version before says and understands on the bus: announcements have no lags. */
import { decodeAnnouncement, encodeAnnouncement } from "../../../actors/kernel/event-frame.js";
import type { Bus } from "../../../services/ports/log.js";
import { announceSubject } from "../../../services/ports/subjects.js";
import { over } from "../../over.js";

const WITH_LAGS = 2;
/** What cannot be read is passed over, whatever it says. */
const UNREADABLE = new Uint8Array(0);

export function olderBus(bus: Bus): Bus {
  return over<Bus>(bus, {
    publish: (subject, data) => {
      const isOfToday = hasLags(subject, data);
      bus.publish(subject, isOfToday ? withoutLags(data) : data);
    },
    subscribe: (wanted, handler) =>
      bus.subscribe(wanted, (data, subject) => {
        handler(hasLags(subject, data) ? UNREADABLE : data, subject);
      }),
  });
}

function hasLags(subject: string, data: Uint8Array): boolean {
  return data[0] === WITH_LAGS && subject.startsWith(announceSubject(""));
}

function withoutLags(data: Uint8Array): Uint8Array {
  return encodeAnnouncement({ ...decodeAnnouncement(data), lags: [] });
}
