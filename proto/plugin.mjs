// What ts-proto generates, with the reader and writer of wire.ts: a plugin of buf, which hands a request to it and takes an answer.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { spawnSync } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const TS_PROTO = fileURLToPath(
  new URL("../node_modules/.bin/protoc-gen-ts_proto", import.meta.url),
);
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Each has to be found: where ts-proto writes something else, nothing is generated. */
const CHANGES = [
  [/"@bufbuild\/protobuf\/wire"/g, '"../../../wire.js"'],
  [/longToNumber\(reader\.int64\(\)\)/g, "reader.number64()"],
  [/\nfunction longToNumber\(.*?\n\}\n/s, ""],
];

function changed(name, content) {
  return CHANGES.reduce((text, [from, to]) => {
    const after = text.replace(from, to);
    if (after === text) throw new Error(`${name} has nothing like ${from}`);
    return after;
  }, content);
}

const { stdout, status } = spawnSync(TS_PROTO, {
  input: await buffer(process.stdin),
  maxBuffer: ANSWER_BYTES_MAX,
  stdio: ["pipe", "pipe", "inherit"],
});
if (status !== 0) process.exit(status ?? 1);
const answer = fromBinary(CodeGeneratorResponseSchema, stdout);
for (const file of answer.file) file.content = changed(file.name, file.content);
process.stdout.write(toBinary(CodeGeneratorResponseSchema, answer));
