import { seededRandom } from "../machines/support/seeded-random.js";
import { fuzzJson } from "./fuzz-json.js";

const [count = "1000000", seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);

const { accepted, refused } = fuzzJson(Number(count), seededRandom(Number(seed)));
console.log(`JSON: ${accepted} accepted, ${refused} refused, as JSON.parse does; seed ${seed}`);
