/**
 * gRPC reflection: what services there are, for tools that do not know them. It is made when somebody asks for it: that takes 0.2 s of a
 * core, a third of what a gateway's start would take, and clients wait for a start, and few ask. Who asks first stops this process for
 * as long, once.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type {
  handleBidiStreamingCall,
  MethodDefinition,
  Server,
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath as HEALTH_FILE } from "grpc-health-check";
import { PROJECT_ROOT } from "../servers/project-root.js";

const PROTO_FOLDER = join(PROJECT_ROOT, "proto");
const PROTO_FILE = join(PROTO_FOLDER, "exchange", "v1", "exchange.proto");
const METHOD = "ServerReflectionInfo";
/** The same under two names, as older tools know only the second. */
const PATHS = ["v1", "v1alpha"].map((version) => pathOf(`grpc.reflection.${version}`));

const require = createRequire(import.meta.url);

type Handler = handleBidiStreamingCall<unknown, unknown>;

interface Answering {
  readonly method: MethodDefinition<unknown, unknown>;
  readonly handle: Handler;
}

export function addReflection(server: Pick<Server, "addService">): void {
  let made: ReadonlyMap<string, Answering> | undefined;
  const answering = (path: string): Answering => {
    made ??= makeReflection();
    return made.get(path)!;
  };
  for (const path of PATHS) {
    const method: MethodDefinition<unknown, unknown> = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (value) => answering(path).method.requestSerialize(value),
      requestDeserialize: (bytes) => answering(path).method.requestDeserialize(bytes),
      responseSerialize: (value) => answering(path).method.responseSerialize(value),
      responseDeserialize: (bytes) => answering(path).method.responseDeserialize(bytes),
    };
    const handle = (call: ServerDuplexStream<unknown, unknown>) => answering(path).handle(call);
    server.addService({ [METHOD]: method }, { [METHOD]: handle });
  }
}

/** What the library would add to a server, by path. */
function makeReflection(): ReadonlyMap<string, Answering> {
  const library: typeof import("@grpc/reflection") = require("@grpc/reflection");
  const files = [PROTO_FILE, HEALTH_FILE];
  const description = loadSync(files, { keepCase: true, includeDirs: [PROTO_FOLDER] });
  const made = new Map<string, Answering>();
  const take = (definition: ServiceDefinition, handlers: UntypedServiceImplementation): void => {
    const method = definition[METHOD]!;
    made.set(method.path, { method, handle: handlers[METHOD] as Handler });
  };
  new library.ReflectionService(description).addToServer({ addService: take });
  return made;
}

function pathOf(package_: string): string {
  return `/${package_}.ServerReflection/${METHOD}`;
}
