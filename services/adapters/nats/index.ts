export { connectNats } from "./connection.js";
export { NatsBus } from "./nats-bus.js";
export { NatsLog } from "./nats-log.js";
