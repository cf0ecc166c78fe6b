/** Requests as they come, without trust: what cannot be read becomes an answer, not an exception inside gRPC. */
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  OrderCommand,
  OrderEntryRequest,
  type OrderEntryRequest as EntryRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import { invalid, type Refusal } from "./refusal.js";

/** In the place of a request that could not be read. */
export class MalformedRequest {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }

  toRefusal(): Refusal {
    return invalid("MALFORMED_REQUEST", `the request cannot be read: ${this.problem}`);
  }
}

/** The definition of a service whose handlers get a `MalformedRequest` for what cannot be read. */
export function tolerant<Definition extends ServiceDefinition>(definition: Definition): Definition {
  const methods = Object.entries(definition).map(([name, method]) => [
    name,
    tolerantMethod(method),
  ]);
  return Object.fromEntries(methods) as Definition;
}

function tolerantMethod<Request, Response>(
  method: MethodDefinition<Request, Response>,
): MethodDefinition<Request | MalformedRequest, Response> {
  const requestDeserialize = (bytes: Buffer): Request | MalformedRequest => {
    try {
      return method.requestDeserialize(bytes);
    } catch (error) {
      return new MalformedRequest((error as Error).message);
    }
  };
  return { ...method, requestDeserialize } as MethodDefinition<
    Request | MalformedRequest,
    Response
  >;
}

/** Commands that cannot be read have no `command`; the others of the message are not harmed by them. */
export function decodeEntryRequest(bytes: Buffer): EntryRequest {
  try {
    return OrderEntryRequest.decode(bytes);
  } catch {
    return decodeOneByOne(bytes);
  }
}

const COMMANDS_FIELD = 1;
const REQUEST_ID_FIELD = 1;

/** Throws when the message itself is damaged. */
function decodeOneByOne(bytes: Uint8Array): EntryRequest {
  const reader = new BinaryReader(bytes);
  const commands: OrderCommand[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field !== COMMANDS_FIELD || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, field);
      continue;
    }
    const part = reader.bytes();
    try {
      commands.push(OrderCommand.decode(part));
    } catch {
      commands.push({ requestId: requestIdOf(part), command: undefined });
    }
  }
  return { commands };
}

/** The id of a command that cannot be read, or 0. */
function requestIdOf(bytes: Uint8Array): number {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === REQUEST_ID_FIELD && wireType === WireType.Varint) {
        const id = Number(reader.int64());
        return Number.isSafeInteger(id) ? id : 0;
      }
      reader.skip(wireType, field);
    }
  } catch {
    // Nothing of it can be read.
  }
  return 0;
}
