import { seededRandom } from "../machines/support/seeded-random.js";
import { fuzzJson, fuzzMsgpack } from "./fuzz.js";

const [count = "1000000", seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);

console.log(`${count} inputs of each format, seed ${seed}`);
const json = fuzzJson(Number(count), seededRandom(Number(seed)));
console.log(`JSON: ${json.accepted} accepted, ${json.refused} refused, as by JSON.parse`);
const msgpack = fuzzMsgpack(Number(count), seededRandom(Number(seed)));
console.log(`msgpack: ${msgpack.accepted} accepted, ${msgpack.refused} refused, as by the reference`);
